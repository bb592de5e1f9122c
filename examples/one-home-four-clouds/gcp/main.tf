# One home on Google Cloud. A broker's bridge publishes what devices say to Pub/Sub, which pushes it to one service; the service decides,
# keeps records in Firestore, and publishes what is for devices to a topic that the bridge reads.

terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
    # For the names of Google's own agents.
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

variable "project" {
  type        = string
  description = "The project's id."
}

variable "region" {
  type    = string
  default = "europe-west1"
}

variable "stage" {
  type    = string
  default = "staging"
  validation {
    condition     = contains(["staging", "production"], var.stage)
    error_message = "The stage is staging or production."
  }
}

variable "image" {
  type        = string
  description = "The container image, such as europe-west1-docker.pkg.dev/PROJECT/home/home:1."
}

variable "bridge" {
  type        = string
  description = "The service account of the broker's bridge: the only one that may publish what devices say."
}

variable "operator" {
  type        = string
  description = "The service account that may say who lives where, and look at the service."
}

variable "warm_instances" {
  type        = number
  default     = 1
  description = "Instances that production keeps warm."
}

variable "log_retention_days" {
  type    = number
  default = 30
}

variable "alarm_email" {
  type        = string
  default     = ""
  description = "Where alarms are sent; nowhere when empty."
}

locals {
  name          = "home-${var.stage}"
  is_production = var.stage == "production"
  # The address that Cloud Run gives a service by its names; the service must know it to be called back by its own tasks.
  url = "https://home-${var.stage}-${data.google_project.this.number}.${var.region}.run.app"
  apis = [
    "cloudkms.googleapis.com", "cloudscheduler.googleapis.com", "cloudtasks.googleapis.com", "firestore.googleapis.com",
    "logging.googleapis.com", "monitoring.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com",
  ]
  # Google's own agents, each of which encrypts with our key what it keeps for us.
  agents = toset(["firestore", "pubsub", "run"])
}

data "google_project" "this" {}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = each.value
  disable_on_destroy = false
}

# --- the customer's own key -----------------------------------------------------------------------------------------------------------

resource "google_kms_key_ring" "home" {
  name       = local.name
  location   = var.region
  depends_on = [google_project_service.api]
}

resource "google_kms_crypto_key" "home" {
  name            = "home"
  key_ring        = google_kms_key_ring.home.id
  rotation_period = "7776000s"
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each      = google_project_service_identity.agent
  crypto_key_id = google_kms_crypto_key.home.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value.member
}

data "google_logging_project_cmek_settings" "this" {
  project    = var.project
  depends_on = [google_project_service.api]
}

resource "google_kms_crypto_key_iam_member" "logs" {
  crypto_key_id = google_kms_crypto_key.home.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${data.google_logging_project_cmek_settings.this.service_account_id}"
}

resource "google_project_service_identity" "agent" {
  provider = google-beta
  project  = var.project
  for_each = local.agents
  service  = "${each.value}.googleapis.com"
}

# --- who may do what ------------------------------------------------------------------------------------------------------------------

# The service itself.
resource "google_service_account" "home" {
  account_id   = local.name
  display_name = "Decides for homes (${var.stage})"
}

# Whoever calls the service: Pub/Sub, Cloud Tasks and Cloud Scheduler, in this name.
resource "google_service_account" "caller" {
  account_id   = "${local.name}-caller"
  display_name = "Calls the service that decides (${var.stage})"
}

# Only what the service does with documents; it neither deletes them nor makes indexes nor exports.
resource "google_project_iam_custom_role" "records" {
  role_id     = "hearthRecords_${var.stage}"
  title       = "Reads and writes records"
  permissions = ["datastore.entities.create", "datastore.entities.get", "datastore.entities.list", "datastore.entities.update"]
}

resource "google_project_iam_member" "records" {
  project = var.project
  role    = google_project_iam_custom_role.records.id
  member  = google_service_account.home.member
  condition {
    title      = "this database only"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.home.name}\""
  }
}

resource "google_pubsub_topic_iam_member" "bridge_publishes" {
  topic  = google_pubsub_topic.readings.id
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${var.bridge}"
}

resource "google_pubsub_topic_iam_member" "home_publishes" {
  for_each = { wishes = google_pubsub_topic.wishes.id, dead_letters = google_pubsub_topic.dead_letters.id }
  topic    = each.value
  role     = "roles/pubsub.publisher"
  member   = google_service_account.home.member
}

resource "google_pubsub_subscription_iam_member" "bridge_reads" {
  subscription = google_pubsub_subscription.wishes.id
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:${var.bridge}"
}

resource "google_cloud_tasks_queue_iam_member" "home_enqueues" {
  name     = google_cloud_tasks_queue.wakes.id
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.home.member
}

# A task names the account in whose name it will call; whoever makes it must be allowed to.
resource "google_service_account_iam_member" "home_acts_as_caller" {
  service_account_id = google_service_account.caller.id
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.home.member
}

resource "google_cloud_run_v2_service_iam_member" "caller_invokes" {
  name     = google_cloud_run_v2_service.home.name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.caller.member
}

resource "google_cloud_run_v2_service_iam_member" "operator_invokes" {
  name     = google_cloud_run_v2_service.home.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.operator}"
}

# --- records --------------------------------------------------------------------------------------------------------------------------

resource "google_firestore_database" "home" {
  name                              = local.name
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = local.is_production ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  cmek_config {
    kms_key_name = google_kms_crypto_key.home.id
  }
  depends_on = [google_kms_crypto_key_iam_member.agent]
}

# What a record says is read and never searched for: an index of it would cost a write for each save.
resource "google_firestore_field" "body" {
  database   = google_firestore_database.home.name
  collection = "hearth"
  field      = "body"
  index_config {}
}

# --- what comes in and goes out -------------------------------------------------------------------------------------------------------

resource "google_pubsub_topic" "readings" {
  name         = "${local.name}-readings"
  kms_key_name = google_kms_crypto_key.home.id
  depends_on   = [google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_topic" "wishes" {
  name         = "${local.name}-wishes"
  kms_key_name = google_kms_crypto_key.home.id
  depends_on   = [google_kms_crypto_key_iam_member.agent]
}

# What the app refused or could not deliver, with the reason.
resource "google_pubsub_topic" "dead_letters" {
  name         = "${local.name}-dead-letters"
  kms_key_name = google_kms_crypto_key.home.id
  depends_on   = [google_kms_crypto_key_iam_member.agent]
}

# What Pub/Sub gave up after ten deliveries.
resource "google_pubsub_topic" "given_up" {
  name         = "${local.name}-given-up"
  kms_key_name = google_kms_crypto_key.home.id
  depends_on   = [google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_subscription" "readings" {
  name                       = "${local.name}-readings"
  topic                      = google_pubsub_topic.readings.id
  ack_deadline_seconds       = 60
  message_retention_duration = "1209600s"
  enable_message_ordering    = true
  expiration_policy {
    ttl = ""
  }
  retry_policy {
    minimum_backoff = "1s"
    maximum_backoff = "300s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.given_up.id
    max_delivery_attempts = 10
  }
  push_config {
    push_endpoint = "${local.url}/readings"
    oidc_token {
      service_account_email = google_service_account.caller.email
      audience              = local.url
    }
  }
}

resource "google_pubsub_subscription" "wishes" {
  name                       = "${local.name}-wishes"
  topic                      = google_pubsub_topic.wishes.id
  message_retention_duration = "86400s"
  enable_message_ordering    = true
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "kept" {
  for_each                   = { dead-letters = google_pubsub_topic.dead_letters.id, given-up = google_pubsub_topic.given_up.id }
  name                       = "${local.name}-${each.key}"
  topic                      = each.value
  message_retention_duration = "2678400s"
  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub moves what it gives up in its own name.
resource "google_pubsub_topic_iam_member" "pubsub_gives_up" {
  topic  = google_pubsub_topic.given_up.id
  role   = "roles/pubsub.publisher"
  member = google_project_service_identity.agent["pubsub"].member
}

resource "google_pubsub_subscription_iam_member" "pubsub_gives_up" {
  subscription = google_pubsub_subscription.readings.id
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.agent["pubsub"].member
}

# --- the service ----------------------------------------------------------------------------------------------------------------------

resource "google_cloud_run_v2_service" "home" {
  name                = local.name
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = local.is_production
  # Tokens are made for this address, whichever one Cloud Run prefers.
  custom_audiences = [local.url]
  template {
    service_account                  = google_service_account.home.email
    encryption_key                   = google_kms_crypto_key.home.id
    timeout                          = "60s"
    max_instance_request_concurrency = 80
    scaling {
      min_instance_count = local.is_production ? var.warm_instances : 0
      max_instance_count = 20
    }
    containers {
      image = var.image
      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        startup_cpu_boost = true
      }
      env {
        name  = "GOOGLE_CLOUD_PROJECT"
        value = var.project
      }
      env {
        name  = "DATABASE"
        value = google_firestore_database.home.name
      }
      env {
        name  = "WISHES"
        value = google_pubsub_topic.wishes.name
      }
      env {
        name  = "DEAD_LETTERS"
        value = google_pubsub_topic.dead_letters.name
      }
      env {
        name  = "WAKES"
        value = google_cloud_tasks_queue.wakes.id
      }
      env {
        name  = "SERVICE_URL"
        value = local.url
      }
      env {
        name  = "CALLER"
        value = google_service_account.caller.email
      }
      env {
        name  = "OPERATOR"
        value = var.operator
      }
      # By its name: the subscription itself has to know where the service is.
      env {
        name  = "READINGS"
        value = "projects/${var.project}/subscriptions/${local.name}-readings"
      }
    }
  }
  depends_on = [google_kms_crypto_key_iam_member.agent]
}

# Each task calls the service when a timer is due.
resource "google_cloud_tasks_queue" "wakes" {
  name     = "${local.name}-wakes"
  location = var.region
  retry_config {
    max_attempts = 3
  }
  depends_on = [google_project_service.api]
}

resource "google_cloud_scheduler_job" "sweep" {
  name             = "${local.name}-sweep"
  region           = var.region
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"
  retry_config {
    retry_count = 0
  }
  http_target {
    http_method = "POST"
    uri         = "${local.url}/sweep"
    oidc_token {
      service_account_email = google_service_account.caller.email
      audience              = local.url
    }
  }
}

# --- logs and alarms ------------------------------------------------------------------------------------------------------------------

resource "google_logging_project_bucket_config" "home" {
  project        = var.project
  location       = var.region
  bucket_id      = local.name
  retention_days = var.log_retention_days
  cmek_settings {
    kms_key_name = google_kms_crypto_key.home.id
  }
  depends_on = [google_kms_crypto_key_iam_member.logs]
}

resource "google_logging_project_sink" "home" {
  name                   = local.name
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.home.id}"
  filter                 = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${local.name}\""
  unique_writer_identity = true
}

resource "google_monitoring_notification_channel" "people" {
  count        = var.alarm_email == "" ? 0 : 1
  display_name = "Alarms of ${local.name}"
  type         = "email"
  labels       = { email_address = var.alarm_email }
}

resource "google_monitoring_alert_policy" "kept" {
  for_each              = google_pubsub_subscription.kept
  display_name          = "${each.value.name}: something was refused or given up"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.people[*].id
  conditions {
    display_name = "messages wait"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${each.value.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
}

resource "google_monitoring_alert_policy" "late" {
  display_name          = "${local.name}: what devices say waits for five minutes"
  combiner              = "OR"
  notification_channels = google_monitoring_notification_channel.people[*].id
  conditions {
    display_name = "oldest reading"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${google_pubsub_subscription.readings.name}\" AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 300
      duration        = "0s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
}

output "service" {
  value = local.url
}

output "readings_topic" {
  value = google_pubsub_topic.readings.id
}
