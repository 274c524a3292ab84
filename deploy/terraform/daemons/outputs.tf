output "topics" {
  description = "Names of the topics, by their keys in [topics]"
  value       = local.topics
}

output "kafka_users" {
  description = "By daemon: name and permissions of its Kafka user"
  value       = local.kafka_users
}

output "replay_user" {
  description = "Name and permissions of the Kafka user that replays dead letters"
  value       = local.replay_user
}

output "bucket_purposes" {
  description = "The buckets that are needed, by what they hold"
  value       = toset([for right in local.bucket_rights : right.bucket])
}

output "bucket_rights" {
  description = "By daemon: the bucket that it uses and its role there"
  value       = local.bucket_rights
}

output "environment" {
  description = "By daemon: its configuration as environment variables, without the files of its secrets"
  value       = local.environment
}

output "helm_values" {
  description = "Values for helm/fraud-stream"
  value       = yamlencode(local.helm_values)
}

output "kubernetes_script" {
  description = "Installs the chart, with what it needs; null without Kubernetes"
  value = var.cluster_id == null ? null : templatefile("${path.module}/kubernetes.sh.tftpl", {
    cluster_id = var.cluster_id
    secret_ids = var.secret_ids
  })
}

output "compose" {
  description = "By machine: the compose file that is its metadata"
  value       = { for number, compose in local.compose_of_machine : number => yamlencode(compose) }
}

output "cloud_init" {
  description = "The machines' user-data: it fetches certificate and secrets"
  value = templatefile("${path.module}/cloud-init.yaml.tftpl", {
    secret_ids     = var.secret_ids
    ssh_public_key = var.ssh_public_key
  })
}

output "producer_command" {
  description = "Runs producer-svc on a machine"
  value       = local.producer_command
}
