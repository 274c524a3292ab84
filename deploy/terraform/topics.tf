locals {
  topics = {
    (module.daemons.topics.transactions) = {
      partitions      = var.partitions.transactions
      retention_hours = var.retention_hours.transactions
    }
    (module.daemons.topics.results) = {
      partitions      = var.partitions.results
      retention_hours = var.retention_hours.results
    }
    (module.daemons.topics.transactions_dead_letter) = {
      partitions      = var.partitions.dead_letters
      retention_hours = var.retention_hours.dead_letters
    }
    (module.daemons.topics.results_dead_letter) = {
      partitions      = var.partitions.dead_letters
      retention_hours = var.retention_hours.dead_letters
    }
  }
}

resource "yandex_mdb_kafka_topic" "this" {
  for_each = local.topics

  cluster_id         = yandex_mdb_kafka_cluster.this.id
  name               = each.key
  partitions         = each.value.partitions
  replication_factor = local.brokers

  topic_config {
    cleanup_policy = "CLEANUP_POLICY_DELETE"
    retention_ms   = each.value.retention_hours * 3600 * 1000
    segment_bytes  = local.segment_bytes
    # What was acknowledged survives a broker, and one broker may be away.
    min_insync_replicas = local.brokers - 1
  }
}
