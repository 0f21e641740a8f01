/**
 * A key for tests, made with `ssh-keygen -t ed25519 -a 1 -N "correct horse"`: one round, so that opening it takes no time. It is secret to
 * nobody.
 */
export const LOCKED_KEY = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABDumBlEIg
ieHfYkMpJ38V7oAAAAAQAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIJKI+SIyBGgPxjjM
t++heXUNm+CQMUtZkt3WB6OxZJnvAAAAkKR+C4sG3CzTsIsehGpOgLTSS8YnLlI/NmBcfQ
IHbv2n2R1Wia6Z5XIr2ZHGUCXvaJIcRHHQCAIxPoy3e0F27C4BLUOR5MdXLCzO7vJOowFB
hHM5HeC595ACMIm064SS11M/aa7UQMTs5Vg8QUmSO7tARjwWOAShi14N09nRvUnXO83JNb
T7kxJ+UdqCvSVVgA==
-----END OPENSSH PRIVATE KEY-----
`;

export const LOCKED_KEY_PASSPHRASE = 'correct horse';

/** `<type> <base64>`, as in its public half. */
export const LOCKED_KEY_PUBLIC = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJKI+SIyBGgPxjjMt++heXUNm+CQMUtZkt3WB6OxZJnv';
