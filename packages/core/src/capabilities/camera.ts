import * as z from 'zod';
import { defineCapability } from './capability.ts';
import { oneOf, whole } from './words.ts';

/** Off, on, or as the device thinks fit. */
export const triStates = { off: 0, on: 1, auto: 2 } as const;

/** Why a zone was triggered. */
export const zoneTriggeredReasons = { motion: 0 } as const;

/** Why it is no more. */
export const zoneStoppedReasons = { actionStopped: 0, timeout: 1 } as const;

const modes = z
  .object({
    softRecordingPrivacyModeEnabled: z.boolean(),
    softLivestreamPrivacyModeEnabled: z.boolean(),
    nightVision: oneOf(triStates),
  })
  .partial();
const zone = whole(0, 65_535).nullable().optional();
const resolution = z.object({ width: whole(1, 65_535), height: whole(1, 65_535) });

/**
 * A camera that notices motion: its privacy switches, and the zones in which something moves. A picture goes another way than events do; the
 * result of `captureSnapshot` says where it is.
 */
export const cameraMotion = defineCapability({
  name: 'cameraAvStreamManagement',
  clusters: ['CameraAvStreamManagement', 'ZoneManagement'],
  state: modes.extend({ hardPrivacyModeOn: z.boolean().optional() }),
  initial: {},
  writable: modes,
  commands: {
    captureSnapshot: {
      data: z.object({ requestedResolution: resolution }),
      result: z.object({ resolution, url: z.string() }),
      expiresMs: 10_000,
    },
  },
  events: {
    zoneTriggered: { data: z.object({ zone, reason: oneOf(zoneTriggeredReasons) }) },
    zoneStopped: { data: z.object({ zone, reason: oneOf(zoneStoppedReasons) }) },
  },
});
