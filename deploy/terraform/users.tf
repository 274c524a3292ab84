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

# One for whoever replays dead letters, with a password that no daemon's machine is given.
resource "yandex_mdb_kafka_user" "replay" {
  cluster_id = yandex_mdb_kafka_cluster.this.id
  name       = module.daemons.replay_user.name
  password = one([
    for entry in data.yandex_lockbox_secret_version.replay.entries : entry.text_value if entry.key == "password"
  ])

  dynamic "permission" {
    for_each = module.daemons.replay_user.permissions
    content {
      topic_name = permission.value.topic
      role       = permission.value.role
    }
  }

  depends_on = [yandex_mdb_kafka_topic.this]
}

resource "yandex_lockbox_secret" "replay" {
  name        = "${var.name}-replay-kafka"
  description = "Password of the Kafka user ${module.daemons.replay_user.name}"

  password_payload_specification {
    password_key        = "password"
    length              = 32
    include_punctuation = false
  }
}

resource "yandex_lockbox_secret_version" "replay" {
  secret_id = yandex_lockbox_secret.replay.id

  lifecycle {
    # A secret's current version can't be destroyed.
    create_before_destroy = true
  }
}

data "yandex_lockbox_secret_version" "replay" {
  secret_id  = yandex_lockbox_secret_version.replay.secret_id
  version_id = yandex_lockbox_secret_version.replay.id
}
