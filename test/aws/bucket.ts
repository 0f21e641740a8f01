import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { silentConstruction } from '../../src/platforms/aws/silent-construction.js';

/** A bucket of its own in moto, looked at without our own code. */
export class Bucket {
  readonly name = `evidence-${randomUUID()}`;
  readonly s3: S3Client;

  constructor(endpoint: string) {
    this.s3 = silentConstruction(
      () =>
        new S3Client({
          endpoint,
          region: 'eu-central-1',
          forcePathStyle: true,
          credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
        }),
    );
  }

  async create(options: { readonly lockable?: boolean } = {}): Promise<this> {
    await this.s3.send(
      new CreateBucketCommand({
        Bucket: this.name,
        ObjectLockEnabledForBucket: options.lockable ?? false,
        CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
      }),
    );
    return this;
  }

  /** Keys of objects, and `KEY (unfinished)` for each unfinished upload; sorted. */
  async contents(prefix = ''): Promise<string[]> {
    const { Contents: objects = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: this.name }));
    const { Uploads: uploads = [] } = await this.s3.send(new ListMultipartUploadsCommand({ Bucket: this.name }));
    return [...objects.map(({ Key: key = '' }) => key), ...uploads.map(({ Key: key = '' }) => `${key} (unfinished)`)]
      .map((key) => key.slice(prefix.length))
      .sort();
  }

  async overwrite(key: string, body: Buffer): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: this.name, Key: key, Body: body }));
  }

  async remove(key: string, versionId: string): Promise<void> {
    await this.s3.send(new DeleteObjectCommand({ Bucket: this.name, Key: key, VersionId: versionId }));
  }

  /** Parts of the one unfinished upload of a key. */
  async parts(key: string): Promise<number> {
    const { Uploads: uploads = [] } = await this.s3.send(new ListMultipartUploadsCommand({ Bucket: this.name }));
    const upload = uploads.find((one) => one.Key === key);
    const { Parts: parts = [] } = await this.s3.send(
      new ListPartsCommand({ Bucket: this.name, Key: key, UploadId: upload?.UploadId }),
    );
    return parts.length;
  }
}
