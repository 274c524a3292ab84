# What the three daemons need and how they are configured; makes nothing.
module "daemons" {
  source = "./daemons"

  bootstrap_servers = local.bootstrap_servers
  registry          = "cr.yandex/${yandex_container_registry.this.id}"
  buckets           = local.buckets
  access_key_ids    = { for daemon, key in yandex_iam_service_account_static_access_key.daemon : daemon => key.access_key }
  model             = var.model
  partitions        = { transactions = var.partitions.transactions, results = var.partitions.results }
  cluster_id        = one(yandex_kubernetes_cluster.this[*].id)
  machines          = local.on_kubernetes ? 0 : var.compute.machines
  ssh_public_key    = var.compute.ssh_public_key
  secret_ids        = local.secret_ids
}

locals {
  on_kubernetes = var.run_on == "kubernetes"
}
