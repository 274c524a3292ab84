output "bootstrap_servers" {
  description = "The brokers, with the port of SASL_SSL"
  value       = local.bootstrap_servers
}

output "buckets" {
  description = "Names of the buckets, by what they hold"
  value       = local.buckets
}

output "registry" {
  description = "Where the images are pushed to, as <registry>/<daemon>:<version>"
  value       = "cr.yandex/${yandex_container_registry.this.id}"
}

output "secrets" {
  description = "Ids of the Lockbox secrets, by daemon; what they hold is read by `yc lockbox payload get`"
  value       = local.secret_ids
}

output "helm_values" {
  description = "Values for helm/fraud-stream; null on Compute"
  value       = local.on_kubernetes ? module.daemons.helm_values : null
}

output "machines" {
  description = "Public addresses of the machines; none on Kubernetes"
  value       = [for machine in yandex_compute_instance.machine : machine.network_interface[0].nat_ip_address]
}

output "start" {
  description = "Commands that start the daemons, after the images were pushed and the model was uploaded"
  value = local.on_kubernetes ? module.daemons.kubernetes_script : join("", [
    # They found neither when they were made.
    for machine in yandex_compute_instance.machine : "yc compute instance restart ${machine.id}\n"
  ])
}

output "producer_command" {
  description = "Sends the transactions once, from a machine; null on Kubernetes"
  value       = local.on_kubernetes ? null : module.daemons.producer_command
}
