locals {
  # Kubernetes' own ranges; the service's defaults, written down for the rules below.
  pods_cidr     = "10.112.0.0/16"
  services_cidr = "10.96.0.0/16"
}

resource "yandex_vpc_network" "this" {
  name = var.name
}

resource "yandex_vpc_subnet" "zone" {
  for_each = { for index, zone in var.zones : zone => cidrsubnet(var.network_cidr, 8, index) }

  name           = "${var.name}-${each.key}"
  network_id     = yandex_vpc_network.this.id
  zone           = each.key
  v4_cidr_blocks = [each.value]
  route_table_id = local.on_kubernetes ? yandex_vpc_route_table.nodes[0].id : null
}

# Nodes have no public address; they reach registry and Object Storage through this.
resource "yandex_vpc_gateway" "nodes" {
  count = local.on_kubernetes ? 1 : 0

  name = var.name
  shared_egress_gateway {}
}

resource "yandex_vpc_route_table" "nodes" {
  count = local.on_kubernetes ? 1 : 0

  name       = var.name
  network_id = yandex_vpc_network.this.id

  static_route {
    destination_prefix = "0.0.0.0/0"
    gateway_id         = yandex_vpc_gateway.nodes[0].id
  }
}

# The brokers: TLS only, and only from where daemons run.
resource "yandex_vpc_security_group" "kafka" {
  name       = "${var.name}-kafka"
  network_id = yandex_vpc_network.this.id

  ingress {
    description       = "Daemons, over TLS"
    protocol          = "TCP"
    port              = 9091
    security_group_id = yandex_vpc_security_group.daemons.id
  }
  dynamic "ingress" {
    for_each = local.on_kubernetes ? [1] : []
    content {
      description    = "Pods, whose addresses Kubernetes leaves as they are inside the network"
      protocol       = "TCP"
      port           = 9091
      v4_cidr_blocks = [local.pods_cidr]
    }
  }
  ingress {
    description       = "Brokers among themselves"
    protocol          = "ANY"
    predefined_target = "self_security_group"
    from_port         = 0
    to_port           = 65535
  }
  egress {
    description       = "Brokers among themselves"
    protocol          = "ANY"
    predefined_target = "self_security_group"
    from_port         = 0
    to_port           = 65535
  }
}

# Kubernetes' nodes, or the machines.
resource "yandex_vpc_security_group" "daemons" {
  name       = "${var.name}-daemons"
  network_id = yandex_vpc_network.this.id

  egress {
    description    = "Kafka, Object Storage, Lockbox, the registry"
    protocol       = "ANY"
    v4_cidr_blocks = ["0.0.0.0/0"]
    from_port      = 0
    to_port        = 65535
  }

  dynamic "ingress" {
    for_each = local.on_kubernetes ? [] : [1]
    content {
      description    = "SSH"
      protocol       = "TCP"
      port           = 22
      v4_cidr_blocks = var.admin_cidrs
    }
  }
  dynamic "ingress" {
    for_each = local.on_kubernetes ? [1] : []
    content {
      description       = "Kubernetes' master and nodes among themselves"
      protocol          = "ANY"
      predefined_target = "self_security_group"
      from_port         = 0
      to_port           = 65535
    }
  }
  dynamic "ingress" {
    for_each = local.on_kubernetes ? [1] : []
    content {
      description    = "Pods and services among themselves"
      protocol       = "ANY"
      v4_cidr_blocks = [local.pods_cidr, local.services_cidr]
      from_port      = 0
      to_port        = 65535
    }
  }
  dynamic "ingress" {
    for_each = local.on_kubernetes ? [1] : []
    content {
      description       = "Health checks of a load balancer"
      protocol          = "TCP"
      predefined_target = "loadbalancer_healthchecks"
      from_port         = 0
      to_port           = 65535
    }
  }
}
