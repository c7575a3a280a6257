import { inflateRawSync } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const STORED = 0;
const DEFLATED = 8;

/**
 * The contents of the first file in a zip archive, which is how GitHub hands out an artifact of one file. Throws where
 * `archive` is none, or where the file has more than `maxBytes`.
 * @param {Buffer} archive
 * @param {number} maxBytes
 * @returns {Buffer}
 */
export function readFirstFile(archive, maxBytes) {
  // The list of files at the end is right where a file's own header is not: a writer that streams knows no sizes yet.
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + END_BYTES > archive.length || archive.readUInt32LE(end) !== END_SIGNATURE) {
    throw new Error('it is no zip archive');
  }
  const entry = archive.readUInt32LE(end + 16);
  if (entry + 46 > archive.length || archive.readUInt32LE(entry) !== ENTRY_SIGNATURE)
    throw new Error('it holds no file');
  const method = archive.readUInt16LE(entry + 10);
  const packedBytes = archive.readUInt32LE(entry + 20);
  const header = archive.readUInt32LE(entry + 42);
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method === DEFLATED) return inflateRawSync(packed, { maxOutputLength: maxBytes });
  if (method === STORED && packed.length <= maxBytes) return packed;
  throw new Error('its file is packed in an unknown way, or too large');
}
