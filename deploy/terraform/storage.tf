locals {
  # Names of buckets are unique in the whole cloud; a folder's id is.
  buckets = { for purpose in module.daemons.bucket_purposes : purpose => "${var.name}-${var.folder_id}-${purpose}" }
}

resource "yandex_storage_bucket" "this" {
  for_each = local.buckets

  bucket        = each.value
  folder_id     = var.folder_id
  force_destroy = !var.deletion_protection

  anonymous_access_flags {
    read        = false
    list        = false
    config_read = false
  }
}

# Each daemon reaches Object Storage as itself.
resource "yandex_iam_service_account" "daemon" {
  for_each = module.daemons.bucket_rights

  name        = "${var.name}-${each.key}"
  description = "Object Storage, for the ${each.key}"
}

resource "yandex_iam_service_account_static_access_key" "daemon" {
  for_each = module.daemons.bucket_rights

  service_account_id = yandex_iam_service_account.daemon[each.key].id
  description        = "Object Storage, for the ${each.key}"
}

resource "yandex_storage_bucket_iam_binding" "daemon" {
  for_each = module.daemons.bucket_rights

  bucket  = yandex_storage_bucket.this[each.value.bucket].bucket
  role    = each.value.role
  members = ["serviceAccount:${yandex_iam_service_account.daemon[each.key].id}"]
}
