# Managed Kubernetes. Nothing is installed in it: `terraform output -raw start` is the
# script that does.

resource "yandex_kubernetes_cluster" "this" {
  count = local.on_kubernetes ? 1 : 0

  name                    = var.name
  network_id              = yandex_vpc_network.this.id
  cluster_ipv4_range      = local.pods_cidr
  service_ipv4_range      = local.services_cidr
  service_account_id      = yandex_iam_service_account.kubernetes[0].id
  node_service_account_id = yandex_iam_service_account.host.id
  # Enforces the chart's NetworkPolicies.
  network_policy_provider = "CALICO"

  master {
    version            = var.kubernetes.version
    public_ip          = true
    security_group_ids = [yandex_vpc_security_group.daemons.id, yandex_vpc_security_group.kubernetes_api[0].id]

    zonal {
      zone      = var.zones[0]
      subnet_id = yandex_vpc_subnet.zone[var.zones[0]].id
    }
  }

  # The daemons' passwords are Secrets there.
  kms_provider {
    key_id = yandex_kms_symmetric_key.kubernetes[0].id
  }

  # Taken away before the cluster is, they would keep it from being deleted.
  depends_on = [
    yandex_resourcemanager_folder_iam_member.kubernetes,
    yandex_kms_symmetric_key_iam_member.kubernetes,
    yandex_container_registry_iam_binding.pull,
  ]
}

resource "yandex_kubernetes_node_group" "this" {
  count = local.on_kubernetes ? 1 : 0

  cluster_id = yandex_kubernetes_cluster.this[0].id
  name       = var.name
  version    = var.kubernetes.version

  instance_template {
    platform_id = "standard-v3"

    resources {
      cores  = var.kubernetes.cores
      memory = var.kubernetes.memory
    }
    boot_disk {
      type = "network-ssd"
      size = 64
    }
    network_interface {
      subnet_ids         = [for zone in var.zones : yandex_vpc_subnet.zone[zone].id]
      security_group_ids = [yandex_vpc_security_group.daemons.id]
      nat                = false
    }
    container_runtime {
      type = "containerd"
    }
  }

  scale_policy {
    fixed_scale {
      size = var.kubernetes.nodes
    }
  }

  allocation_policy {
    dynamic "location" {
      for_each = var.zones
      content {
        zone = location.value
      }
    }
  }
}

resource "yandex_vpc_security_group" "kubernetes_api" {
  count = local.on_kubernetes ? 1 : 0

  name       = "${var.name}-kubernetes-api"
  network_id = yandex_vpc_network.this.id

  dynamic "ingress" {
    for_each = toset([443, 6443])
    content {
      description    = "Kubernetes' API"
      protocol       = "TCP"
      port           = ingress.value
      v4_cidr_blocks = var.admin_cidrs
    }
  }
}

resource "yandex_iam_service_account" "kubernetes" {
  count = local.on_kubernetes ? 1 : 0

  name        = "${var.name}-kubernetes"
  description = "Manages the cluster's nodes and addresses"
}

resource "yandex_resourcemanager_folder_iam_member" "kubernetes" {
  # The second for the master's public address.
  for_each = local.on_kubernetes ? toset(["k8s.clusters.agent", "vpc.publicAdmin"]) : toset([])

  folder_id = var.folder_id
  role      = each.key
  member    = "serviceAccount:${yandex_iam_service_account.kubernetes[0].id}"
}

resource "yandex_kms_symmetric_key" "kubernetes" {
  count = local.on_kubernetes ? 1 : 0

  name        = "${var.name}-kubernetes"
  description = "Encrypts Kubernetes' Secrets"
}

resource "yandex_kms_symmetric_key_iam_member" "kubernetes" {
  count = local.on_kubernetes ? 1 : 0

  symmetric_key_id = yandex_kms_symmetric_key.kubernetes[0].id
  role             = "kms.keys.encrypterDecrypter"
  member           = "serviceAccount:${yandex_iam_service_account.kubernetes[0].id}"
}
