import { app as functions } from '@azure/functions';
import { tableStore } from '@hearth/adapter-azure/tables';
import { onAzure } from './on-azure.ts';
import { setting, settings } from './settings.ts';

const store = tableStore({
  table: 'cameras',
  connectionString: () => setting('STORAGE_CONNECTION'),
});

onAzure(functions, { ...settings, store });
