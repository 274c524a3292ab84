variable "folder_id" {
  description = "The folder in which everything is made"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{20}$", var.folder_id))
    error_message = "A folder's id has 20 letters and digits, such as b1g0example000000000: `yc config get folder-id`."
  }
}

variable "name" {
  description = "What the names of everything here begin with"
  type        = string
  default     = "fraud-stream"

  validation {
    condition     = can(regex("^[a-z][-a-z0-9]{1,18}[a-z0-9]$", var.name))
    error_message = "name: 3 to 20 lowercase letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "run_on" {
  description = "Where the daemons run: kubernetes (Managed Kubernetes, with the chart) or compute (machines with Container Optimized Image)"
  type        = string

  validation {
    condition     = contains(["kubernetes", "compute"], var.run_on)
    error_message = "run_on is kubernetes or compute."
  }
}

variable "admin_cidrs" {
  description = "From where Kubernetes' API, or the machines by SSH, can be reached, such as [\"203.0.113.7/32\"]"
  type        = list(string)

  validation {
    condition     = length(var.admin_cidrs) > 0 && alltrue([for cidr in var.admin_cidrs : can(cidrhost(cidr, 0))])
    error_message = "admin_cidrs: one range or more, such as 203.0.113.7/32."
  }
}

variable "zones" {
  description = "Availability zones of the brokers, nodes and machines: three, or one for less money and less availability. The brokers' can't be changed later"
  type        = list(string)
  default     = ["ru-central1-a", "ru-central1-b", "ru-central1-d"]

  validation {
    condition     = contains([1, 3], length(distinct(var.zones))) && length(var.zones) == length(distinct(var.zones))
    error_message = "zones: one or three different ones. Managed Kafka with KRaft takes no other number."
  }
}

variable "network_cidr" {
  description = "The subnets' range, a /24 in it for each zone. It must leave 10.96.0.0/16 and 10.112.0.0/16 to Kubernetes"
  type        = string
  default     = "10.10.0.0/16"

  validation {
    condition     = can(cidrhost(var.network_cidr, 0)) && endswith(var.network_cidr, "/16") && !can(regex("^10\\.(96|112)\\.", var.network_cidr))
    error_message = "network_cidr: a /16, other than 10.96.0.0/16 and 10.112.0.0/16."
  }
}

variable "kafka" {
  description = <<-EOT
    The Kafka cluster, of three brokers:
    version: 3.6 to 3.9.
    preset: a broker's host class; b3-c1-m4 is cheaper, has half of two cores, and is for trying out.
    disk_type, disk_size: of a broker, in GB.
    disk_size_limit: to how many GB the service may enlarge a disk that fills up; disk_size: never.
  EOT
  type = object({
    version         = optional(string, "3.9")
    preset          = optional(string, "s3-c2-m8")
    disk_type       = optional(string, "network-ssd")
    disk_size       = optional(number, 32)
    disk_size_limit = optional(number, 128)
  })
  default = {}

  validation {
    condition     = contains(["3.6", "3.7", "3.8", "3.9"], var.kafka.version)
    error_message = "kafka.version is 3.6, 3.7, 3.8 or 3.9."
  }
  validation {
    condition     = can(regex("^[a-z]+[0-9]+(-c[0-9]+-m[0-9]+|\\.[0-9a-z]+)$", var.kafka.preset))
    error_message = "kafka.preset is a host class, such as s3-c2-m8: `yc managed-kafka resource-preset list`."
  }
  validation {
    condition     = contains(["network-hdd", "network-ssd", "network-ssd-nonreplicated", "network-ssd-io-m3", "local-ssd"], var.kafka.disk_type)
    error_message = "kafka.disk_type is network-hdd, network-ssd, network-ssd-nonreplicated, network-ssd-io-m3 or local-ssd."
  }
  validation {
    condition     = var.kafka.disk_size_limit >= var.kafka.disk_size
    error_message = "kafka.disk_size_limit is below kafka.disk_size."
  }
}

variable "partitions" {
  description = "Partitions of the topics. They bound how many scorers and sinks have work, and can't be taken away"
  type = object({
    transactions = optional(number, 6)
    results      = optional(number, 6)
    dead_letters = optional(number, 3)
  })
  default = {}

  validation {
    condition     = alltrue([for count in values(var.partitions) : count >= 1 && floor(count) == count])
    error_message = "partitions: whole numbers from 1."
  }
}

variable "retention_hours" {
  description = "How long the topics keep what is in them. Longer than your longest outage: what is gone before it was read is lost"
  type = object({
    transactions = optional(number, 168)
    results      = optional(number, 168)
    dead_letters = optional(number, 336)
  })
  default = {}

  validation {
    condition     = alltrue([for hours in values(var.retention_hours) : hours >= 1])
    error_message = "retention_hours: from 1."
  }
}

variable "model" {
  description = "Folder of the model in the bucket of models"
  type        = string
  default     = "fraud-classifier"

  validation {
    condition     = can(regex("^[^/].*[^/]$", var.model))
    error_message = "model: a path in the bucket, without a slash at either end."
  }
}

variable "kubernetes" {
  description = <<-EOT
    For run_on = "kubernetes".
    version: 1.31 or later; null: what the service takes by default.
    nodes: how many, over the zones; cores, memory (GB): of each.
  EOT
  type = object({
    version = optional(string)
    nodes   = optional(number, 2)
    cores   = optional(number, 2)
    memory  = optional(number, 4)
  })
  default = {}

  validation {
    condition     = var.kubernetes.version == null || can(regex("^1\\.(3[1-9]|[4-9][0-9])$", var.kubernetes.version))
    error_message = "kubernetes.version: 1.31 or later, which the chart needs, or null."
  }
  validation {
    condition     = var.kubernetes.nodes >= 1 && var.kubernetes.cores >= 2 && var.kubernetes.memory >= 2
    error_message = "kubernetes: nodes from 1, cores from 2, memory from 2 GB."
  }
}

variable "compute" {
  description = <<-EOT
    For run_on = "compute".
    machines: how many, over the zones; each runs a scorer and a sink.
    cores, core_fraction (percent of a core that is guaranteed), memory (GB): of each.
    ssh_public_key: of yc-user; empty: nobody logs in.
  EOT
  type = object({
    machines       = optional(number, 1)
    cores          = optional(number, 2)
    core_fraction  = optional(number, 50)
    memory         = optional(number, 2)
    ssh_public_key = optional(string, "")
  })
  default = {}

  validation {
    condition     = var.compute.machines >= 1 && var.compute.machines <= min(var.partitions.transactions, var.partitions.results)
    error_message = "compute.machines: from 1 to the partitions of transactions and of results; more would have nothing to read."
  }
  validation {
    condition     = contains([20, 50, 100], var.compute.core_fraction) && var.compute.cores >= 2 && var.compute.memory >= 2
    error_message = "compute: core_fraction is 20, 50 or 100; cores from 2, memory from 2 GB."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the Kafka cluster and buckets that hold anything. Set to false before `terraform destroy`"
  type        = bool
  default     = true
}
