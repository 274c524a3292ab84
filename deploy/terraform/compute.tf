# Machines with Container Optimized Image. Each runs compose.yandex.yaml: a scorer and a
# sink.

data "yandex_compute_image" "container_optimized" {
  count = local.on_kubernetes ? 0 : 1

  family = "container-optimized-image"
}

resource "yandex_compute_instance" "machine" {
  for_each = module.daemons.compose

  name                      = "${var.name}-${each.key}"
  hostname                  = "${var.name}-${each.key}"
  zone                      = local.zone_of_machine[each.key]
  platform_id               = "standard-v3"
  service_account_id        = yandex_iam_service_account.host.id
  allow_stopping_for_update = true

  resources {
    cores         = var.compute.cores
    core_fraction = var.compute.core_fraction
    memory        = var.compute.memory
  }

  boot_disk {
    initialize_params {
      image_id = data.yandex_compute_image.container_optimized[0].id
      type     = "network-ssd"
      size     = 30
    }
  }

  network_interface {
    subnet_id          = yandex_vpc_subnet.zone[local.zone_of_machine[each.key]].id
    security_group_ids = [yandex_vpc_security_group.daemons.id]
    # For the registry, Object Storage and SSH.
    nat = true
  }

  metadata = {
    docker-compose = each.value
    user-data      = module.daemons.cloud_init
  }

  lifecycle {
    # Or each new image of the family would make the machines anew.
    ignore_changes = [boot_disk[0].initialize_params[0].image_id]
  }

  depends_on = [
    yandex_container_registry_iam_binding.pull,
    yandex_lockbox_secret_iam_member.kafka,
    yandex_lockbox_secret_iam_member.object_store,
    yandex_lockbox_secret_version.kafka,
    yandex_lockbox_secret_version.object_store,
  ]
}

locals {
  zone_of_machine = { for number in keys(module.daemons.compose) : number => var.zones[(tonumber(number) - 1) % length(var.zones)] }
}

# The machines fetch the daemons' secrets themselves: metadata would show them to
# whoever may look at a machine.
resource "yandex_lockbox_secret_iam_member" "kafka" {
  for_each = { for daemon, secret in yandex_lockbox_secret.kafka : daemon => secret if !local.on_kubernetes }

  secret_id = each.value.id
  role      = "lockbox.payloadViewer"
  member    = "serviceAccount:${yandex_iam_service_account.host.id}"
}

resource "yandex_lockbox_secret_iam_member" "object_store" {
  for_each = { for daemon, secret in yandex_lockbox_secret.object_store : daemon => secret if !local.on_kubernetes }

  secret_id = each.value.id
  role      = "lockbox.payloadViewer"
  member    = "serviceAccount:${yandex_iam_service_account.host.id}"
}
