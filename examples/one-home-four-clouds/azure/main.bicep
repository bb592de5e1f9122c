// One home on Azure. Devices speak to IoT Hub, which routes what they say to an event hub; one function app decides and answers.
// Nothing here has a password: everything is reached by the function app's own identity.

targetScope = 'resourceGroup'

@allowed(['staging', 'production'])
param stage string = 'staging'

param location string = resourceGroup().location

@description('Begins every name; lower case letters and digits.')
@minLength(3)
@maxLength(10)
param prefix string = 'hearth'

@allowed([30, 60, 90, 120, 180, 365])
param logRetentionDays int = 30

@description('Instances that production keeps warm.')
@minValue(1)
param warmInstances int = 1

@description('Where alarms are sent; nowhere when empty.')
param alarmEmail string = ''

var isProduction = stage == 'production'
var unique = uniqueString(resourceGroup().id, stage)
var name = '${prefix}-${stage}-${unique}'
var short = take('${prefix}${unique}', 24)

// The roles that the function app and IoT Hub are given, each on one resource. Numbers are those of Azure's built-in roles.
var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  eventHubsDataReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
  eventHubsDataSender: '2b629674-e913-4c01-ae53-ef4638d8f975'
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  iotHubTwinContributor: '494bdba2-168f-4f31-a0a1-191d2f7c028c'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  keyVaultCryptoServiceEncryptionUser: 'e147488a-f6f5-4113-8e2d-b22465e65bf6'
}

// ── the customer's own key ─────────────────────────────────────────────────────────────────────────────────────────────────────────

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-storage'
  location: location
}

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: take('kv-${short}', 24)
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
  }
}

resource key 'Microsoft.KeyVault/vaults/keys@2023-07-01' = {
  parent: vault
  name: 'records'
  properties: {
    kty: 'RSA'
    keySize: 3072
    rotationPolicy: {
      lifetimeActions: [{ trigger: { timeAfterCreate: 'P18M' }, action: { type: 'rotate' } }]
      attributes: { expiryTime: 'P2Y' }
    }
  }
}

resource storageMayUseKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: key
  name: guid(key.id, identity.id, 'encrypt')
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultCryptoServiceEncryptionUser)
  }
}

// ── records, in tables ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: short
  location: location
  kind: 'StorageV2'
  sku: { name: isProduction ? 'Standard_ZRS' : 'Standard_LRS' }
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identity.id}': {} } }
  properties: {
    minimumTlsVersion: 'TLS1_2'
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    encryption: {
      keySource: 'Microsoft.Keyvault'
      identity: { userAssignedIdentity: identity.id }
      keyvaultproperties: { keyname: key.name, keyvaulturi: vault.properties.vaultUri }
      services: {
        blob: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
        queue: { enabled: true, keyType: 'Account' }
      }
    }
  }
  dependsOn: [storageMayUseKey]
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource records 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = {
  parent: tables
  name: 'home'
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource deployments 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'deployments'
}

// ── what devices say ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

resource hubs 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: 'eh-${name}'
  location: location
  sku: { name: 'Standard', tier: 'Standard', capacity: 1 }
  properties: { disableLocalAuth: true, minimumTlsVersion: '1.2', isAutoInflateEnabled: true, maximumThroughputUnits: 10 }
}

resource readings 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: hubs
  name: 'readings'
  properties: { partitionCount: isProduction ? 32 : 4, retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 168 } }
}

resource reader 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = {
  parent: readings
  name: 'home'
}

// Made before the hub, which wants to reach its endpoint when it is made.
resource hubIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-hub'
  location: location
}

resource hubMaySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: readings
  name: guid(readings.id, hubIdentity.id, 'send')
  properties: {
    principalId: hubIdentity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventHubsDataSender)
  }
}

resource iotHub 'Microsoft.Devices/IotHubs@2023-06-30' = {
  name: take('iot-${name}', 50)
  location: location
  sku: { name: 'S1', capacity: 1 }
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${hubIdentity.id}': {} } }
  properties: {
    minTlsVersion: '1.2'
    disableDeviceSAS: true
    disableModuleSAS: true
    routing: {
      endpoints: {
        eventHubs: [
          {
            name: 'readings'
            authenticationType: 'identityBased'
            identity: { userAssignedIdentity: hubIdentity.id }
            endpointUri: 'sb://${hubs.name}.servicebus.windows.net'
            entityPath: readings.name
          }
        ]
      }
      routes: [{ name: 'readings', source: 'DeviceMessages', condition: 'true', endpointNames: ['readings'], isEnabled: true }]
      fallbackRoute: { name: 'fallback', source: 'DeviceMessages', condition: 'true', endpointNames: ['events'], isEnabled: false }
    }
  }
  dependsOn: [hubMaySend]
}

// ── wakes and dead letters ─────────────────────────────────────────────────────────────────────────────────────────────────────────

resource bus 'Microsoft.ServiceBus/namespaces@2022-10-01-preview' = {
  name: 'sb-${name}'
  location: location
  sku: { name: 'Standard', tier: 'Standard' }
  properties: { disableLocalAuth: true, minimumTlsVersion: '1.2' }
}

// Scheduled messages that say "a timer is due now".
resource wakes 'Microsoft.ServiceBus/namespaces/queues@2022-10-01-preview' = {
  parent: bus
  name: 'wakes'
  properties: {
    lockDuration: 'PT2M'
    maxDeliveryCount: 3
    defaultMessageTimeToLive: 'P1D'
    deadLetteringOnMessageExpiration: false
    // All instances ask for one second together.
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: 'PT10M'
  }
}

// What the app refused or could not deliver, with the reason.
resource deadLetters 'Microsoft.ServiceBus/namespaces/queues@2022-10-01-preview' = {
  parent: bus
  name: 'dead-letters'
  properties: { lockDuration: 'PT1M', maxDeliveryCount: 10, defaultMessageTimeToLive: 'P14D', deadLetteringOnMessageExpiration: true }
}

// ── the function app ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  properties: { sku: { name: 'PerGB2018' }, retentionInDays: logRetentionDays }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  kind: 'web'
  properties: { Application_Type: 'web', WorkspaceResourceId: logs.id, DisableLocalAuth: true }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource functions 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${name}'
  location: location
  kind: 'functionapp,linux'
  identity: { type: 'SystemAssigned' }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    functionAppConfig: {
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 100
        alwaysReady: isProduction ? [{ name: 'function:readings', instanceCount: warmInstances }] : []
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deployments.name}'
          authentication: { type: 'SystemAssignedIdentity' }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      appSettings: [
        { name: 'AzureWebJobsStorage__accountName', value: storage.name }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insights.properties.ConnectionString }
        { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'Authorization=AAD' }
        { name: 'READINGS__fullyQualifiedNamespace', value: '${hubs.name}.servicebus.windows.net' }
        { name: 'BUS__fullyQualifiedNamespace', value: '${bus.name}.servicebus.windows.net' }
        { name: 'TABLES_URL', value: storage.properties.primaryEndpoints.table }
        { name: 'IOT_HUB_URL', value: 'https://${iotHub.properties.hostName}' }
      ]
    }
  }
}

resource mayOwnBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, functions.id, 'blobs')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
  }
}

resource mayUseRecords 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: records
  name: guid(records.id, functions.id, 'records')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
  }
}

resource mayReceiveReadings 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: readings
  name: guid(readings.id, functions.id, 'receive')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventHubsDataReceiver)
  }
}

resource mayReceiveWakes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: wakes
  name: guid(wakes.id, functions.id, 'receive')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
  }
}

resource maySendWakes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: wakes
  name: guid(wakes.id, functions.id, 'send')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
  }
}

resource maySendDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: deadLetters
  name: guid(deadLetters.id, functions.id, 'send')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
  }
}

resource maySetDesired 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: iotHub
  name: guid(iotHub.id, functions.id, 'twins')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.iotHubTwinContributor)
  }
}

resource mayPublishMetrics 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, functions.id, 'metrics')
  properties: {
    principalId: functions.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
  }
}

// ── alarms ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (alarmEmail != '') {
  name: 'alarms-${name}'
  location: 'global'
  properties: { groupShortName: 'home', enabled: true, emailReceivers: [{ name: 'alarms', emailAddress: alarmEmail }] }
}

resource refused 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'refused-${name}'
  location: 'global'
  properties: {
    description: 'The app refused something, or could not deliver it.'
    severity: 2
    enabled: true
    scopes: [bus.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'letters'
          metricName: 'ActiveMessages'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: [deadLetters.name] }]
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
        }
      ]
    }
    actions: alarmEmail == '' ? [] : [{ actionGroupId: people.id }]
  }
}

resource failing 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'failing-${name}'
  location: 'global'
  properties: {
    description: 'Functions fail as a whole: what devices say waits.'
    severity: 1
    enabled: true
    scopes: [insights.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'failures'
          metricName: 'requests/failed'
          operator: 'GreaterThan'
          threshold: 10
          timeAggregation: 'Count'
        }
      ]
    }
    actions: alarmEmail == '' ? [] : [{ actionGroupId: people.id }]
  }
}

output functionApp string = functions.name
output iotHubName string = iotHub.name
output tablesUrl string = storage.properties.primaryEndpoints.table
