/** Is shown one file of an archive, piece by piece. Must not keep the bytes. */
export interface ByteTaker {
  write(bytes: Buffer): void;
  end(): void;
}
