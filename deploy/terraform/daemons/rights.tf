# The table of rights in deploy/README.md, in Yandex Cloud's terms.
locals {
  # The daemons' own defaults, so that nothing has to name them again.
  topics = {
    transactions             = "transactions"
    results                  = "results"
    transactions_dead_letter = "transactions.dead-letter"
    results_dead_letter      = "results.dead-letter"
  }

  # Managed Kafka knows roles and no single rights. These are the least that hold the
  # table's, and they hold more: see deploy/YANDEX_CLOUD.md, "Rights".
  read  = "ACCESS_ROLE_TOPIC_CONSUMER"
  write = "ACCESS_ROLE_TOPIC_PRODUCER"

  kafka_users = {
    producer = {
      name        = "fraud-producer"
      permissions = [{ topic = local.topics.transactions, role = local.write }]
    }
    scorer = {
      name = "fraud-scorer"
      permissions = [
        { topic = local.topics.transactions, role = local.read },
        { topic = local.topics.results, role = local.write },
        { topic = local.topics.transactions_dead_letter, role = local.write },
      ]
    }
    sink = {
      name = "fraud-sink"
      permissions = [
        { topic = local.topics.results, role = local.read },
        { topic = local.topics.results_dead_letter, role = local.write },
      ]
    }
  }

  # No daemon's: for whoever runs `scorer-svc replay`.
  replay_user = {
    name = "fraud-replay"
    permissions = [
      { topic = local.topics.transactions_dead_letter, role = local.read },
      { topic = local.topics.transactions, role = local.read },
      { topic = local.topics.transactions, role = local.write },
    ]
  }

  # Buckets of their own, because roles are given on a whole bucket.
  bucket_rights = {
    producer = { bucket = "transactions", role = "storage.viewer" }
    scorer   = { bucket = "models", role = "storage.viewer" }
    # Creates and reads, and can't delete.
    sink = { bucket = "results", role = "storage.uploader" }
  }
}
