import type { ErrorEntry } from './error-entry.js';

/** What can go wrong with keys, time, encryption, custody and copies of what is sealed. */
export const SEALED_ERRORS = {
  PASSPHRASE_WRONG: {
    exitCode: 2,
    meaning: 'A passphrase does not open what it was given for.',
    remedy: 'Try again at a terminal, or check what is written to the descriptor of --passphrase-fd.',
  },
  AGE_KEY_INVALID: {
    exitCode: 2,
    meaning:
      'A recipient to encrypt to, or an identity to decrypt with, is missing, unreadable or of a kind that cannot be used.',
    remedy: 'Make an identity: age-keygen -o FILE. Its public half, the recipient: age-keygen -y FILE.',
  },
  CUSTODY_OPEN: {
    exitCode: 3,
    meaning:
      'The custody record is unbroken, but a transfer has no countersignature yet, or an event was not written to its end.',
    remedy:
      'The receiver countersigns: exhibit custody add transfer-in ARCHIVE. Then copy the new event files to the other party.',
  },
  CUSTODY_UNPROVEN: {
    exitCode: 4,
    meaning: 'There is no custody record beside the archive, or nobody vouches for a key that signed an event of it.',
    remedy: 'Get the custody folder from whoever had the archive before, and the trust list from your organisation.',
  },
  CUSTODY_BROKEN: {
    exitCode: 4,
    meaning:
      'The custody record beside an archive is not as it was signed: an event is changed, missing, forked or out of order.',
    remedy:
      'Keep the folder as it is and compare it with the copy of the other party: exhibit custody verify ARCHIVE --compare FOLDER.',
  },
  DECRYPT_FAILED: {
    exitCode: 4,
    meaning:
      'An encrypted file cannot be decrypted: it is damaged, cut off or not the one of the receipt, or no identity fits.',
    remedy: 'Name the right identity, or compare the file with another copy and with the digest in the receipt.',
  },
  SOURCE_CHANGED: {
    exitCode: 4,
    meaning: 'A file is no longer what it was when it was verified. It was not delivered.',
    remedy: 'Verify the archive again and find out what changes it: exhibit verify ARCHIVE.',
  },
  PLAINTEXT_REFUSED: {
    exitCode: 5,
    meaning: 'The archive is not encrypted and holds items of sensitivity secret, so it does not leave the machine.',
    remedy: 'Seal with --encrypt-to, or say --plaintext where the receiver may read everything.',
  },
  DESTINATION_OCCUPIED: {
    exitCode: 5,
    meaning: 'Something else has the name under which a file was to be stored. Nothing is ever overwritten.',
    remedy: 'Look at what is there, and use another directory or prefix.',
  },
  TOO_LARGE: {
    exitCode: 5,
    meaning: 'The file is larger than the limit that was set for it. Nothing was read.',
    remedy: 'Raise the limit if the file is wanted: --max-bytes.',
  },
  REDACTION_RULES_INVALID: {
    exitCode: 2,
    meaning: 'The rules of a redaction are not well-formed, or fit no file of the archive.',
    remedy: 'Compare the rules with those in templates/redaction; the message names the place.',
  },
  REDACTION_UNDECIDED: {
    exitCode: 5,
    meaning: 'A rule of a redaction cannot say of a file what goes and what stays. Nothing was written.',
    remedy: 'Change the rule that is named, or remove the file as a whole.',
  },
  REDACTION_INCOMPLETE: {
    exitCode: 5,
    meaning:
      'The redacted copy still holds something that looks like a token, a key or a password, or a whole item marked secret.',
    remedy: 'Look at each place and add rules, or accept the exact number: --accept-findings N.',
  },
  DESTINATION_INVALID: {
    exitCode: 2,
    meaning: 'There is no such bucket, directory or object, or its name is not valid.',
    remedy: 'Check the name, the region and the account.',
  },
  DESTINATION_DENIED: {
    exitCode: 20,
    meaning: 'The store does not accept the credential, or the identity lacks a permission.',
    remedy: 'Log in again, or apply the policy: templates/cloud/aws-push-policy.json.',
  },
  DESTINATION_UNREACHABLE: {
    exitCode: 20,
    meaning: 'The store cannot be reached, does not answer in time or keeps asking to slow down.',
    remedy: 'Repeat the same command: an upload goes on where it stopped.',
  },
  DESTINATION_FAILED: {
    exitCode: 21,
    meaning: 'The store refused or failed for a reason of its own.',
    remedy: 'The message names the reason and the request. Repeat the command once it is gone.',
  },
  DESTINATION_MISMATCH: {
    exitCode: 21,
    meaning: 'What the store has, or says that it has, is not what was sent to it.',
    remedy: 'Keep the local archive. Look at the object with the tools of the store, and push to another prefix.',
  },
  DESTINATION_NOT_LOCKED: {
    exitCode: 21,
    meaning: 'The store does not keep the retention or the legal hold that was asked for.',
    remedy: 'Use a bucket with Object Lock: aws s3api get-object-lock-configuration --bucket BUCKET.',
  },
  SIGNER_UNAVAILABLE: {
    exitCode: 20,
    meaning: 'The service or the agent that holds the signing key refuses to sign with it or cannot be reached.',
    remedy: 'Check credentials, permissions and state of the key that is named, or sign with another: --key.',
  },
  PULL_UNCOMPARED: {
    exitCode: 3,
    meaning: 'An encrypted archive was fetched, and nothing from outside the store says which bytes it should have.',
    remedy: 'Fetch it again with the receipt that was kept elsewhere: exhibit pull SOURCE --receipt FILE.',
  },
  SEAL_NEEDS_ENCRYPTION: {
    exitCode: 2,
    meaning:
      'The exhibit holds memory, which may have any secret in it, and is sealed only together with its encryption.',
    remedy: 'Name who may read it: exhibit seal --encrypt-to RECIPIENT.',
  },
  SEAL_UNTIMESTAMPED: {
    exitCode: 3,
    meaning: 'The archive is sealed, but none of the time-stamping authorities that were asked gave a token.',
    remedy: 'Get a token later: exhibit custody retimestamp ARCHIVE --tsa URL.',
  },
  TIMESTAMP_FAILED: {
    exitCode: 20,
    meaning: 'A time-stamping authority could not be reached, or its answer is no token that can be accepted.',
    remedy: 'Check the URL and the network, or ask another authority: --tsa URL.',
  },
} as const satisfies Record<string, ErrorEntry>;
