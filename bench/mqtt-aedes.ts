import { createServer } from 'node:net';
import { Aedes } from 'aedes';

// A broker for machines without mosquitto, on the port that is given.
const broker = await Aedes.createBroker();
createServer(broker.handle.bind(broker)).listen(Number(process.argv[2]), '127.0.0.1');
