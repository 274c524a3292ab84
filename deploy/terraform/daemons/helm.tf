# Values for helm/fraud-stream. The Secrets and the ConfigMap are made by
# kubernetes.sh.tftpl.
locals {
  helm_secrets = {
    for daemon in keys(local.kafka_users) : daemon => {
      kafkaPassword  = { existingSecret = "fraud-${daemon}-kafka" }
      objectStoreKey = { existingSecret = "fraud-${daemon}-object-store" }
    }
  }

  helm_values = {
    image      = { registry = var.registry }
    config     = merge(local.shared, local.sections)
    secrets    = { kafkaCa = { existingConfigMap = "yandex-ca" } }
    partitions = var.partitions
    producer   = { config = local.own.producer, secrets = local.helm_secrets.producer }
    scorer     = { config = local.own.scorer, secrets = local.helm_secrets.scorer }
    sink       = { config = local.own.sink, secrets = local.helm_secrets.sink }
  }
}
