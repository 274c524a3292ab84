terraform {
  required_version = ">= 1.9"

  required_providers {
    yandex = {
      source  = "yandex-cloud/yandex"
      version = ">= 0.220.0, < 1.0.0"
    }
  }
}

# The token comes from the environment: YC_TOKEN.
provider "yandex" {
  folder_id = var.folder_id
  zone      = var.zones[0]
}
