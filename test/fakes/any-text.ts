import fc from 'fast-check';

const HOSTILE = [
  0, 9, 10, 13, 27, 0x22, 0x27, 0x26, 0x3c, 0x3d, 0x3e, 0x5c, 0x7f, 0x9b, 0xad, 0x200b, 0x202e, 0x2028, 0xd800, 0xfeff,
];

/** Text of any code points, half surrogates included, rich in those that act somewhere. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.constantFrom(...HOSTILE),
      fc.integer({ min: 0, max: 0x2ff }),
      fc.integer({ min: 0, max: 0x10ffff }),
    ),
    { maxLength: 60 },
  )
  .map((points) => String.fromCodePoint(...points));
