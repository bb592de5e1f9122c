import { dynamoStore } from '@hearth/adapter-aws/dynamodb';
import { onAws } from './on-aws.ts';
import { setting, settings } from './settings.ts';

const store = dynamoStore({ table: setting('TABLE') || 'cameras' });

export const { clips, sweep, links } = onAws({ ...settings, store });
