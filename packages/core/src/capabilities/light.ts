import * as z from 'zod';
import { defineCapability } from './capability.ts';
import { oneOf, whole } from './words.ts';

/** What a light does when its power comes back. */
export const startUpOnOffs = { off: 0, on: 1, toggle: 2 } as const;

const startUpOnOff = oneOf(startUpOnOffs).nullable().optional();

/**
 * Something that is on or off. It is turned on by a wish, which also reaches a lamp that was away; `toggle` is for a button, and is never sent
 * late.
 */
export const onOff = defineCapability({
  name: 'onOff',
  clusters: ['OnOff'],
  state: z.object({ onOff: z.boolean(), startUpOnOff }),
  initial: { onOff: false },
  writable: z.object({ onOff: z.boolean(), startUpOnOff }).partial(),
  commands: {
    toggle: { data: z.object({}), result: z.object({ onOff: z.boolean() }), expiresMs: 5_000 },
  },
});

const level = whole(1, 254);
const transition = z
  .number()
  .min(0)
  .max(6553.5)
  .meta({ unit: 's', description: 'Matter: in 0.1 s' });

/** A brightness or another level, 1 to 254; `null` while it is not known. */
export const levelControl = defineCapability({
  name: 'levelControl',
  clusters: ['LevelControl'],
  state: z.object({
    currentLevel: level.nullable(),
    minLevel: level.optional(),
    maxLevel: level.optional(),
    onLevel: level.nullable().optional(),
    onOffTransitionTime: transition.optional(),
    startUpCurrentLevel: whole(0, 254).nullable().optional(),
  }),
  initial: { currentLevel: null },
  writable: z
    .object({
      currentLevel: level,
      onLevel: level.nullable(),
      onOffTransitionTime: transition,
      startUpCurrentLevel: whole(0, 254).nullable(),
    })
    .partial(),
});

/** What the colour of a light is said in. */
export const colorModes = {
  currentHueAndCurrentSaturation: 0,
  currentXAndCurrentY: 1,
  colorTemperatureMireds: 2,
} as const;

const mireds = whole(1, 65_279).meta({ unit: 'mired' });
const colour = {
  currentHue: whole(0, 254),
  currentSaturation: whole(0, 254),
  currentX: whole(0, 65_279).meta({ description: 'CIE x, times 65,536' }),
  currentY: whole(0, 65_279).meta({ description: 'CIE y, times 65,536' }),
  colorTemperatureMireds: mireds,
};

/** A colour: hue and saturation, CIE x and y, or a colour temperature in mireds; `colorMode` says which of them counts. */
export const colorControl = defineCapability({
  name: 'colorControl',
  clusters: ['ColorControl'],
  state: z.object({
    ...z.object(colour).partial().shape,
    colorMode: oneOf(colorModes).nullable(),
    colorTempPhysicalMinMireds: mireds.optional(),
    colorTempPhysicalMaxMireds: mireds.optional(),
    startUpColorTemperatureMireds: mireds.nullable().optional(),
  }),
  initial: { colorMode: null },
  writable: z.object({ ...colour, startUpColorTemperatureMireds: mireds.nullable() }).partial(),
});
