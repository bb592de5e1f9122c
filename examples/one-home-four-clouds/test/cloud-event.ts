let count = 0;

/** A CloudEvent in JSON, as somebody else sends it. */
export function cloudEvent(type: string, subject: string, data: object): string {
  const id = `e${(count += 1)}`;
  return JSON.stringify({ specversion: '1.0', id, source: '/elsewhere', type, subject, data });
}

/** Says that a device lives in a home. */
export const bound = (device: string, home: string): string =>
  cloudEvent('hearth.device.bound', device, { home });

/** Says how many people are at home. */
export const occupancy = (home: string, occupants: number): string =>
  cloudEvent('com.acme.home.occupancy', home, { occupants });
