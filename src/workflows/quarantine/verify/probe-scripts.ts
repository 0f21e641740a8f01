/**
 * What runs on the node to see whether a containment holds. `nsenter` changes the network namespace and nothing else, and perl is the
 * far side's own: no file of the suspect is ever run. Only perl's own functions are used, since the modules may be missing. Each script
 * says which namespace it was in, so that a number of a process that went to another one proves nothing.
 */

/** In words of include/uapi: 2 and 10 are the families, 1 a stream, 2 a datagram, 4 and 2048 set O_NONBLOCK, (41, 26) keeps IPv6 to itself. */
const SOCKETS = String.raw`
$| = 1; $SIG{PIPE} = "IGNORE";
sub name4 { my ($family, $port, $address) = unpack("S n a4", $_[0]); (unpack("H*", $address), $port) }
sub name6 { my ($family, $port, $flow, $address) = unpack("S n N a16", $_[0]); (unpack("H*", $address), $port) }
sub name { my ($packed, $family) = @_; $family == 6 ? name6($packed) : name4($packed) }
sub pack4 { pack("S n a4 x8", 2, $_[1], pack("H8", $_[0])) }
sub pack6 { pack("S n N a16 N", 10, $_[1], 0, pack("H32", $_[0]), 0) }
sub place { my ($family, $address, $port) = @_; $family == 6 ? pack6($address, $port) : pack4($address, $port) }
sub any { $_[0] == 6 ? "0" x 32 : "0" x 8 }
print "namespace\t", (stat("/proc/self/ns/net"))[1], "\n";
`;

/**
 * Waits for connections on a free port of each family, tells each who is there, and ends when one says so or the time is over. The
 * address is the one that this place would send from; asking for it sends nothing.
 */
const LISTEN = String.raw`
my ($banner, $stop, $seconds) = @ARGV;
my %at; my %met;
for my $family (4, 6) {
  my ($asked, $server);
  my $af = $family == 6 ? 10 : 2;
  socket($server, $af, 1, 6) or next;
  setsockopt($server, 41, 26, pack("i", 1)) if $family == 6;
  bind($server, place($family, any($family), 0)) or next;
  listen($server, 16) or next;
  fcntl($server, 4, 2048) or next;
  my ($nowhere, $port) = name(getsockname($server), $family);
  my $address = "";
  if (socket($asked, $af, 2, 17) && connect($asked, place($family, $family == 6 ? "20010db8000000000000000000000001" : "c0000201", 9))) {
    ($address) = name(getsockname($asked), $family);
  }
  close($asked) if $asked;
  $at{fileno($server)} = [$server, $family];
  print "listening\t$family\t$address\t$port\n";
}
print "ready\n";
my $end = time + $seconds; my $said = 0;
while (%at && time < $end) {
  my $read = ""; vec($read, $_, 1) = 1 for keys %at, keys %met;
  select($read, undef, undef, 1) > 0 or next;
  for my $number (keys %at) {
    vec($read, $number, 1) or next;
    my ($server, $family) = @{$at{$number}};
    my $peer = accept(my $fh, $server) or next;
    fcntl($fh, 4, 2048);
    my ($address, $port) = name($peer, $family);
    print "accepted\t$family\t$address\t$port\n" if $said++ < 200;
    syswrite($fh, $banner);
    if (keys %met < 64) { $met{fileno($fh)} = $fh } else { close($fh) }
  }
  for my $number (keys %met) {
    vec($read, $number, 1) or next;
    my $got = sysread($met{$number}, my $text, 64);
    if ($got && $text eq $stop) { print "stopped\n"; exit 0 }
    close(delete $met{$number}) unless $got;
  }
}
`;

/** Connects to each place of standard input at once: number, family, address, port, and what to say there. */
const CONNECT = String.raw`
my ($seconds) = @ARGV;
my %open;
sub say_result { my ($one, $status, $error, $text) = @_;
  my ($address, $port) = ("", 0);
  my $own = $one->{fh} ? getsockname($one->{fh}) : undef;
  ($address, $port) = name($own, $one->{family}) if $own;
  print join("\t", "result", $one->{id}, $status, $error, $address, $port, unpack("H*", $text)), "\n";
}
while (<STDIN>) {
  /^(\d+)\t([46])\t([0-9a-f]+)\t(\d+)\t([0-9a-f]*)$/ or next;
  my $one = { id => $1, family => $2, say => pack("H*", $5), state => "connecting" };
  my $to = place($2, $3, $4);
  if (!socket($one->{fh}, $one->{family} == 6 ? 10 : 2, 1, 6)) { my $error = $! + 0; $one->{fh} = undef; say_result($one, "error", $error, ""); next }
  fcntl($one->{fh}, 4, 2048);
  if (!connect($one->{fh}, $to) && $! + 0 != 115) { say_result($one, "error", $! + 0, ""); next }
  $open{fileno($one->{fh})} = $one;
}
my $end = time + $seconds;
while (%open && time < $end) {
  my ($read, $write) = ("", "");
  for my $number (keys %open) { if ($open{$number}{state} eq "connecting") { vec($write, $number, 1) = 1 } else { vec($read, $number, 1) = 1 } }
  select($read, $write, undef, 1) > 0 or next;
  for my $number (keys %open) {
    my $one = $open{$number};
    if (vec($write, $number, 1)) {
      my $error = unpack("i", getsockopt($one->{fh}, 1, 4));
      if ($error) { say_result($one, "error", $error, ""); delete $open{$number}; next }
      $one->{state} = "connected";
      syswrite($one->{fh}, $one->{say}) if length $one->{say};
    } elsif (vec($read, $number, 1)) {
      my $got = sysread($one->{fh}, my $text, 64);
      say_result($one, "connected", 0, defined $got ? $text : "");
      delete $open{$number};
    }
  }
}
for my $number (keys %open) { say_result($open{$number}, $open{$number}{state} eq "connected" ? "connected" : "timeout", 0, "") }
print "end\n";
`;

/** `$1` is the process whose network namespace is entered, `-` for none. The others are the program's. */
const inNamespace = (program: string): string => `
command -v perl >/dev/null || { echo "perl is missing" >&2; exit 69; }
code='${SOCKETS}${program}'
process=$1; shift
[ "$process" = - ] && exec perl -e "$code" -- "$@"
exec nsenter --net="$PROC/$process/ns/net" perl -e "$code" -- "$@"
`;

export const LISTEN_SCRIPT = inNamespace(LISTEN);
export const CONNECT_SCRIPT = inNamespace(CONNECT);

/**
 * The network namespace of the first process (\`first\`), of the one that runs this (\`own\`), and of the processes in the control groups of
 * the pods on standard input, one UID a line, by the number of the process.
 */
export const PROCESSES_SCRIPT = `
cd "$PROC" || exit 3
patterns=$(sed 's/^/pod/')
printf 'own\\t%s\\n' "$(stat -L -c %i /proc/self/ns/net)"
printf 'first\\t%s\\n' "$(stat -L -c %i 1/ns/net)"
for p in [0-9]*; do printf '%s/cgroup\\0' "$p"; done | xargs -0 -r grep -alsZF -e "$patterns" | tr '\\0' '\\n' |
  head -n 2000 | sed 's|/cgroup$|/ns/net|' | xargs -r stat -L --printf 'process\\t%n\\t%i\\n' 2>/dev/null
exit 0
`;

/** The TCP sockets of the namespace of process \`$1\`, which is not entered; its number stands before and after. */
export const FLOWS_SCRIPT = `
cd "$PROC" || exit 3
stat -L --printf 'namespace\\t%i\\n' "$1/ns/net" || exit 4
grep -ahs '' "$1/net/tcp" "$1/net/tcp6"
stat -L --printf 'namespace\\t%i\\n' "$1/ns/net"
echo end
`;
