type Drain = () => unknown;

const drains: Drain[] = [];
let isDraining = false;

/**
 * Runs `drain` when the process is asked to end (SIGTERM or SIGINT), then ends it: with 0, or with 1 if a drain failed.
 *
 * Several are run one after the other, the last registered first, so that what was opened last is closed first. A second signal ends
 * the process at once, as the signal would have. Gives a function that takes the drain back.
 */
export function onShutdown(drain: Drain): () => void {
  if (drains.length === 0 && !isDraining) {
    process.on('SIGTERM', shutDown);
    process.on('SIGINT', shutDown);
  }
  drains.push(drain);
  return () => {
    const at = drains.lastIndexOf(drain);
    if (at >= 0) drains.splice(at, 1);
    if (drains.length === 0 && !isDraining) forget();
  };
}

function forget(): void {
  process.off('SIGTERM', shutDown);
  process.off('SIGINT', shutDown);
}

function shutDown(): void {
  isDraining = true;
  // Without our listeners, the next signal does what it does by default.
  forget();
  void drainAll().then((code) => process.exit(code));
}

async function drainAll(): Promise<number> {
  let code = 0;
  for (let drain = drains.pop(); drain !== undefined; drain = drains.pop()) {
    try {
      await drain();
    } catch (error) {
      code = 1;
      process.emitWarning(error instanceof Error ? error : 'A drain failed.');
    }
  }
  return code;
}
