# Values that would fail half-way, or later, are refused before anything is made.

mock_provider "yandex" {
  mock_data "yandex_lockbox_secret_version" {
    defaults = { entries = [{ key = "password", text_value = "made-by-lockbox" }] }
  }
}

variables {
  folder_id   = "b1g0example000000000"
  admin_cidrs = ["203.0.113.7/32"]
  run_on      = "kubernetes"
}

run "two_zones" {
  command         = plan
  expect_failures = [var.zones]
  variables {
    zones = ["ru-central1-a", "ru-central1-b"]
  }
}

run "an_unknown_place_to_run" {
  command         = plan
  expect_failures = [var.run_on]
  variables {
    run_on = "docker"
  }
}

run "a_folder_by_its_name" {
  command         = plan
  expect_failures = [var.folder_id]
  variables {
    folder_id = "default"
  }
}

run "an_api_that_nobody_reaches" {
  command         = plan
  expect_failures = [var.admin_cidrs]
  variables {
    admin_cidrs = []
  }
}

run "a_network_that_meets_the_pods" {
  command         = plan
  expect_failures = [var.network_cidr]
  variables {
    network_cidr = "10.112.0.0/16"
  }
}

run "a_kubernetes_too_old_for_the_chart" {
  command         = plan
  expect_failures = [var.kubernetes]
  variables {
    kubernetes = { version = "1.30" }
  }
}

run "machines_without_partitions" {
  command         = plan
  expect_failures = [var.compute]
  variables {
    compute = { machines = 7 }
  }
}

run "disks_too_small_for_the_partitions" {
  command         = plan
  expect_failures = [yandex_mdb_kafka_cluster.this]
  variables {
    partitions = { transactions = 100, results = 100 }
  }
}
