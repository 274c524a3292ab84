resource "yandex_container_registry" "this" {
  name = var.name
}

# As this the nodes, or the machines, pull images; the machines also read Lockbox as this.
resource "yandex_iam_service_account" "host" {
  name        = "${var.name}-host"
  description = "Pulls the daemons' images"
}

resource "yandex_container_registry_iam_binding" "pull" {
  registry_id = yandex_container_registry.this.id
  role        = "container-registry.images.puller"
  members     = ["serviceAccount:${yandex_iam_service_account.host.id}"]
}
