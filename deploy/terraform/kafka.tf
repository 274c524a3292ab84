locals {
  # KRaft without hosts of its own wants exactly three brokers, in one zone or in three.
  brokers = 3

  # The port of SASL_SSL; 9092 is the one without TLS.
  bootstrap_servers = join(",", sort([
    for host in yandex_mdb_kafka_cluster.this.host : "${host.name}:9091" if host.role == "KAFKA"
  ]))

  # The service reserves two segments for each replica of a partition.
  segment_bytes         = 128 * 1024 * 1024
  least_gigabytes       = 2 * local.segment_bytes * sum([for topic in local.topics : topic.partitions]) / pow(1024, 3)
  disk_usage_to_enlarge = 80
}

resource "yandex_mdb_kafka_cluster" "this" {
  name                = var.name
  environment         = "PRODUCTION"
  network_id          = yandex_vpc_network.this.id
  subnet_ids          = [for zone in var.zones : yandex_vpc_subnet.zone[zone].id]
  security_group_ids  = [yandex_vpc_security_group.kafka.id]
  deletion_protection = var.deletion_protection

  config {
    version          = var.kafka.version
    zones            = var.zones
    brokers_count    = local.brokers / length(var.zones)
    assign_public_ip = false

    kafka {
      resources {
        resource_preset_id = var.kafka.preset
        disk_type_id       = var.kafka.disk_type
        disk_size          = var.kafka.disk_size
      }
      kafka_config {
        auto_create_topics_enable = false
        # Offsets of a group that stands still outlive what it hasn't read.
        offsets_retention_minutes = max(7 * 24, values(var.retention_hours)...) * 60
      }
    }

    # A full disk would make the cluster read-only.
    dynamic "disk_size_autoscaling" {
      for_each = var.kafka.disk_size_limit > var.kafka.disk_size ? [1] : []
      content {
        # In GB, whatever the provider's documentation says.
        disk_size_limit           = var.kafka.disk_size_limit
        emergency_usage_threshold = local.disk_usage_to_enlarge
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.kafka.disk_size >= local.least_gigabytes
      error_message = "kafka.disk_size must be at least ${ceil(local.least_gigabytes)} GB for so many partitions."
    }
  }
}
