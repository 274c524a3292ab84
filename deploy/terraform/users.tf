# A Kafka user for each daemon, with what daemons/rights.tf says.
resource "yandex_mdb_kafka_user" "daemon" {
  for_each = module.daemons.kafka_users

  cluster_id = yandex_mdb_kafka_cluster.this.id
  name       = each.value.name
  password   = local.kafka_passwords[each.key]

  dynamic "permission" {
    for_each = each.value.permissions
    content {
      topic_name = permission.value.topic
      role       = permission.value.role
    }
  }

  depends_on = [yandex_mdb_kafka_topic.this]
}
