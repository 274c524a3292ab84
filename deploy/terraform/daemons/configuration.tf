# The daemons' configuration, as sections of their TOML.
locals {
  shared = {
    kafka = {
      bootstrap_servers = var.bootstrap_servers
      security_protocol = "sasl_ssl"
    }
    object_store = {
      endpoint = "https://storage.yandexcloud.net"
      region   = "ru-central1"
    }
  }

  # What differs between the daemons in sections that all have.
  own = {
    for daemon, user in local.kafka_users : daemon => {
      kafka        = { username = user.name }
      object_store = { access_key_id = var.access_key_ids[daemon] }
    }
  }

  sections = {
    producer = { source = "s3://${var.buckets.transactions}/data" }
    scorer   = { model = "s3://${var.buckets.models}/${var.model}" }
    sink     = { parquet = "s3://${var.buckets.results}/fraud" }
  }

  # The same as environment variables.
  environment = {
    for daemon in keys(local.kafka_users) : daemon => merge([
      for section in [local.shared, local.own[daemon], { (daemon) = local.sections[daemon] }] : merge([
        for name, keys in section : { for key, value in keys : upper("FRAUD__${name}__${key}") => value }
      ]...)
    ]...)
  }

  version = yamldecode(file("${path.module}/../../../helm/fraud-stream/Chart.yaml")).appVersion
}
