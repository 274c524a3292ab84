# Lockbox holds what the daemons are given as files. The state holds it too, because a
# Kafka user is made with its password: keep the state where only you can read it.

resource "yandex_lockbox_secret" "kafka" {
  for_each = module.daemons.kafka_users

  name        = "${var.name}-${each.key}-kafka"
  description = "Password of the Kafka user ${each.value.name}"

  password_payload_specification {
    password_key        = "password"
    length              = 32
    include_punctuation = false
  }
}

# Lockbox makes the password.
resource "yandex_lockbox_secret_version" "kafka" {
  for_each = yandex_lockbox_secret.kafka

  secret_id = each.value.id

  lifecycle {
    # A secret's current version can't be destroyed.
    create_before_destroy = true
  }
}

data "yandex_lockbox_secret_version" "kafka" {
  for_each = yandex_lockbox_secret_version.kafka

  secret_id  = each.value.secret_id
  version_id = each.value.id
}

locals {
  kafka_passwords = {
    for daemon, version in data.yandex_lockbox_secret_version.kafka :
    daemon => one([for entry in version.entries : entry.text_value if entry.key == "password"])
  }
}

resource "yandex_lockbox_secret" "object_store" {
  for_each = module.daemons.bucket_rights

  name        = "${var.name}-${each.key}-object-store"
  description = "Secret of the ${each.key}'s static access key"
}

resource "yandex_lockbox_secret_version" "object_store" {
  for_each = yandex_lockbox_secret.object_store

  secret_id = each.value.id

  entries {
    key        = "secret-access-key"
    text_value = yandex_iam_service_account_static_access_key.daemon[each.key].secret_key
  }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # By daemon: the file that it reads, and the Lockbox secret whose only entry is in it.
  secret_ids = {
    for daemon in keys(module.daemons.kafka_users) : daemon => {
      kafka-password = yandex_lockbox_secret.kafka[daemon].id
      s3-key         = yandex_lockbox_secret.object_store[daemon].id
    }
  }
}
