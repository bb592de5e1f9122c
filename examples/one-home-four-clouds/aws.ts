import { iotMessages, schedule, sqs } from '@hearth/adapter-aws';
import { dynamoStore } from '@hearth/adapter-aws/dynamodb';
import { iotData } from '@hearth/adapter-aws/iot-data';
import { sqsPublisher, sqsWake } from '@hearth/adapter-aws/sqs';
import { app } from './home.ts';
import { setting } from './settings.ts';
import { said, told } from './topics.ts';

const hearth = {
  store: dynamoStore({ table: setting('TABLE') }),
  publisher: iotData({ topics: told }), // what is for nobody out there goes nowhere
  deadLetters: sqsPublisher({ queueUrl: setting('DEAD_LETTERS_URL') }),
  wake: sqsWake({ queueUrl: setting('WAKES_URL') }), // timers run in time
  sweep: true, // because of the schedule
};

/** Behind the queue into which the rule of AWS IoT puts what devices say. Whoever else may send there is one of us. */
export const readings = sqs(app, {
  ...hearth,
  iot: iotMessages({ topics: said }),
  principal: { kind: 'service', id: 'operator' },
  maxReceiveCount: 10,
});

/** Behind a schedule, and behind the queue of wake-ups. */
export const sweeps = schedule(app, hearth);
