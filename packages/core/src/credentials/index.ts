// In the order in which a newcomer should read.
export { defineCredentials } from './define-credentials.ts';
export type { CredentialsOptions, DefinedCredentials } from './define-credentials.ts';
export type { Claim, Credential, Credentials, CredentialState, Rotation } from './credential.ts';
export type {
  Added,
  Answer,
  Audited,
  Challenge,
  CredentialCalls,
  CredentialEvents,
  Datas as CredentialData,
  Expected,
  IssueRequest,
  IssueResult,
  Named as NamedCredential,
  VerifyRequest,
} from './credential-events.ts';
export type { TemplateInput } from './settle.ts';
export { liveCredentials } from './credential.ts';
export { claimText } from './claim-steps.ts';
