export { mqttConnection } from './mqtt-connection.ts';
export type { MqttConnection, MqttConnectionOptions, MqttTls } from './connection.ts';
export { mqttTrigger } from './trigger.ts';
export type { MqttTrigger, MqttTriggerOptions, MqttTriggerStats } from './trigger.ts';
export type { TopicOptions, Topics } from './topics.ts';
export type { PrincipalFrom, Sent } from './identity.ts';
export type { Retained } from './subscribe.ts';
export { mqttDecoder } from './decode.ts';
export type { MqttDecodeOptions, MqttDecoder, MqttMessage } from './decode.ts';
export { mqttPublisher } from './publisher.ts';
export type { MqttPublisherOptions, MqttRoute, MqttRoutes } from './publisher.ts';
export { aclFile } from './access/acl-file.ts';
export type { AccessOptions, DeviceAccess } from './access/device-access.ts';
export {
  dynamicSecurity,
  dynamicSecurityRoutes,
  dynamicSecurityTopic,
  keepOut,
  letIn,
} from './access/dynamic-security.ts';
export type {
  DynamicSecurity,
  DynamicSecurityAcl,
  DynamicSecurityClient,
  DynamicSecurityCommands,
  DynamicSecurityRole,
} from './access/dynamic-security.ts';
export { awsShadowWire } from './wires/aws-shadow.ts';
export type { AwsShadowOptions } from './wires/aws-shadow.ts';
export { azureTwinWire } from './wires/azure-twin.ts';
export type { AzureTwinOptions } from './wires/azure-twin.ts';
export type { MqttWire, WireDevice, WireMessage, WireOptions, WireRequest } from './wires/wire.ts';
