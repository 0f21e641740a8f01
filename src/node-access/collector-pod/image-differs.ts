const DIGEST = /sha256:[0-9a-f]{64}$/;

/**
 * The image that was asked for against the one that the runtime says it runs (`registry/name@sha256:...`, or a bare digest of its
 * configuration for an image without a repository). `null` = it is the one, or it was named without a digest; else why not, in words.
 */
export function imageDiffers(image: string, imageId: string): string | null {
  const pinned = image.includes('@') ? DIGEST.exec(image)?.[0] : undefined;
  if (pinned === undefined) return null;
  const running = DIGEST.exec(imageId)?.[0];
  if (running === pinned) return null;
  return `pinned ${pinned}, and the runtime says that it runs ${imageId === '' ? 'an image without a name' : imageId}`;
}
