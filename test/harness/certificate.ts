import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** Why no certificate can be made here; undefined where one can. */
export const NO_OPENSSL: string | undefined =
  spawnSync('openssl', ['version']).status === 0 ? undefined : 'needs openssl: `apt-get install openssl`';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  readonly certificate: string;
  /** The file of the certificate, which is its own authority. */
  readonly path: string;
}

/** Makes a key and a certificate of `localhost` in the folder, which are valid for two days. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const [keyPath, path] = [join(folder, 'server.key'), join(folder, 'server.crt')];
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const name = ['-addext', 'subjectAltName=DNS:localhost'];
  await execa('openssl', ['req', ...options, ...name, '-keyout', keyPath, '-out', path]);
  return { key: readFileSync(keyPath, 'utf8'), certificate: readFileSync(path, 'utf8'), path };
}
