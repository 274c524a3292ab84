# What is asked of the cloud, with a provider that has the real one's schema and makes
# nothing.

mock_provider "yandex" {
  mock_resource "yandex_mdb_kafka_cluster" {
    defaults = {
      host = [
        { name = "rc1b-2.mdb.yandexcloud.net", role = "KAFKA", zone_id = "", health = "", subnet_id = "", assign_public_ip = false },
        { name = "rc1a-1.mdb.yandexcloud.net", role = "KAFKA", zone_id = "", health = "", subnet_id = "", assign_public_ip = false },
        { name = "rc1a-9.mdb.yandexcloud.net", role = "ZOOKEEPER", zone_id = "", health = "", subnet_id = "", assign_public_ip = false },
      ]
    }
  }
  mock_data "yandex_lockbox_secret_version" {
    defaults = { entries = [{ key = "password", text_value = "made-by-lockbox" }] }
  }
  mock_resource "yandex_iam_service_account_static_access_key" {
    defaults = { access_key = "YCA0access", secret_key = "YCP0secret" }
  }
}

variables {
  folder_id   = "b1g0example000000000"
  admin_cidrs = ["203.0.113.7/32"]
}

run "kubernetes_gets_a_cluster_and_no_machines" {
  variables {
    run_on = "kubernetes"
  }

  assert {
    condition     = length(yandex_kubernetes_cluster.this) == 1 && length(yandex_kubernetes_node_group.this) == 1
    error_message = "there is a cluster with nodes"
  }
  assert {
    condition     = length(yandex_compute_instance.machine) == 0 && length(yandex_lockbox_secret_iam_member.kafka) == 0
    error_message = "there are no machines, and nobody's password is shown to nodes"
  }
  assert {
    condition     = alltrue([for subnet in yandex_vpc_subnet.zone : subnet.route_table_id == yandex_vpc_route_table.nodes[0].id])
    error_message = "nodes have no public address, so every subnet needs the gateway"
  }
  assert {
    condition     = yamldecode(output.helm_values).config.kafka.bootstrap_servers == "rc1a-1.mdb.yandexcloud.net:9091,rc1b-2.mdb.yandexcloud.net:9091"
    error_message = "the daemons are given the brokers, and only them, with the port of TLS"
  }
  assert {
    condition     = !strcontains("${output.helm_values}${output.start}", "made-by-lockbox") && !strcontains("${output.helm_values}${output.start}", "YCP0secret")
    error_message = "no output shows a secret"
  }
}

run "compute_gets_machines_and_no_cluster" {
  variables {
    run_on  = "compute"
    compute = { machines = 4 }
  }

  assert {
    condition     = length(yandex_compute_instance.machine) == 4 && length(yandex_kubernetes_cluster.this) == 0 && length(yandex_vpc_gateway.nodes) == 0
    error_message = "there are four machines and nothing of Kubernetes"
  }
  assert {
    condition     = [for machine in yandex_compute_instance.machine : machine.zone] == ["ru-central1-a", "ru-central1-b", "ru-central1-d", "ru-central1-a"]
    error_message = "the machines are spread over the zones"
  }
  assert {
    condition = alltrue([for machine in yandex_compute_instance.machine : alltrue([
      for secret in ["made-by-lockbox", "YCP0secret"] : !strcontains(join("", values(machine.metadata)), secret)
    ])])
    error_message = "metadata holds no secret"
  }
  assert {
    condition     = length(yandex_lockbox_secret_iam_member.kafka) == 3 && length(yandex_lockbox_secret_iam_member.object_store) == 3
    error_message = "the machines may read the daemons' secrets"
  }
}

run "brokers_are_reached_over_tls_only" {
  variables {
    run_on = "compute"
  }

  assert {
    condition     = [for rule in yandex_vpc_security_group.kafka.ingress : rule.port if rule.predefined_target == null] == [9091]
    error_message = "one rule, and its port is that of TLS"
  }
}

run "every_topic_keeps_what_was_acknowledged" {
  variables {
    run_on     = "kubernetes"
    partitions = { transactions = 12 }
  }

  assert {
    condition     = toset(keys(yandex_mdb_kafka_topic.this)) == toset(["transactions", "results", "transactions.dead-letter", "results.dead-letter"])
    error_message = "there are the four topics"
  }
  assert {
    condition     = alltrue([for topic in yandex_mdb_kafka_topic.this : topic.replication_factor == 3 && topic.topic_config[0].min_insync_replicas == "2"])
    error_message = "a topic has three replicas, two of which acknowledge"
  }
  assert {
    condition     = yandex_mdb_kafka_topic.this["transactions"].partitions == 12 && yandex_mdb_kafka_topic.this["transactions"].topic_config[0].retention_ms == "604800000"
    error_message = "partitions and retention are those asked for"
  }
}

run "each_daemon_is_a_user_of_its_own" {
  variables {
    run_on = "kubernetes"
  }

  assert {
    condition     = toset([for user in yandex_mdb_kafka_user.daemon : user.name]) == toset(["fraud-producer", "fraud-scorer", "fraud-sink"])
    error_message = "there are three users"
  }
  assert {
    condition     = alltrue([for user in yandex_mdb_kafka_user.daemon : user.password == "made-by-lockbox"])
    error_message = "a user's password is the one in Lockbox"
  }
  assert {
    condition     = length(yandex_mdb_kafka_user.daemon["scorer"].permission) == 3
    error_message = "the scorer's rights arrive"
  }
  assert {
    condition     = yandex_mdb_kafka_user.replay.name == "fraud-replay" && yandex_mdb_kafka_user.replay.password == "made-by-lockbox"
    error_message = "dead letters are replayed as a user of its own, whose password Lockbox makes"
  }
  assert {
    condition = { for daemon, binding in yandex_storage_bucket_iam_binding.daemon : daemon => "${binding.bucket} ${binding.role}" } == {
      producer = "fraud-stream-b1g0example000000000-transactions storage.viewer"
      scorer   = "fraud-stream-b1g0example000000000-models storage.viewer"
      sink     = "fraud-stream-b1g0example000000000-results storage.uploader"
    }
    error_message = "each daemon reaches its bucket and no other"
  }
}

run "one_zone_has_all_brokers" {
  variables {
    run_on = "compute"
    zones  = ["ru-central1-b"]
  }

  assert {
    condition     = yandex_mdb_kafka_cluster.this.config[0].brokers_count == 3
    error_message = "KRaft wants three brokers"
  }
}
