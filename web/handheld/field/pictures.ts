// A picture as the telephone's camera gives it, made small enough for a bad network: a JPEG of up to 2 MB.

const MOST_BYTES = 2_000_000;
const THUMB_EDGE = 192;
/** Tried one after another until one is small enough: longest edge and quality. */
const STEPS: readonly (readonly [edge: number, quality: number])[] = [
  [2560, 0.85],
  [2560, 0.7],
  [1920, 0.7],
  [1440, 0.6],
  [1024, 0.5],
];

export interface Small {
  jpeg: ArrayBuffer;
  thumb: ArrayBuffer;
}

/** Throws when the file is no picture that this browser can read. */
export async function small(file: Blob): Promise<Small> {
  // Decoding and encoding run beside the page's own thread; turned as the camera was held.
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    const thumb = await drawn(bitmap, THUMB_EDGE, 0.7);
    for (const [edge, quality] of STEPS) {
      const jpeg = await drawn(bitmap, edge, quality);
      if (jpeg.byteLength <= MOST_BYTES) return { jpeg, thumb };
    }
    throw new Error('the picture does not get small enough');
  } finally {
    bitmap.close();
  }
}

async function drawn(bitmap: ImageBitmap, edge: number, quality: number): Promise<ArrayBuffer> {
  const [width, height] = fitted(bitmap.width, bitmap.height, edge);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  // JPEG has no transparency; without a ground it would turn black.
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', quality));
  // Old telephones hold few canvases; an empty one holds no memory.
  canvas.width = 0;
  canvas.height = 0;
  if (!blob) throw new Error('no picture was made');
  return blob.arrayBuffer();
}

/** Never larger than it was. */
export function fitted(width: number, height: number, edge: number): [width: number, height: number] {
  const scale = Math.min(1, edge / Math.max(width, height, 1));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}
