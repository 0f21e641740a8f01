import { ENTER } from '../runtime-store-scripts.js';

/** What a script ends with when no daemon of Docker runs here, when there is no curl to ask it, and when we may not see what runs. */
export const NO_DAEMON_STATUS = 71;
export const NO_CURL_STATUS = 72;
export const HIDDEN_DAEMON_STATUS = 73;

/**
 * Asked is only a daemon that runs: to knock at the socket of one that does not would have systemd start it. Any process may call itself
 * `dockerd`, so its program must have that name, too. `/run` is entered and the socket named in it, so that no link leads to another one.
 */
const ASK = `${ENTER}
daemon=${String(NO_DAEMON_STATUS)}
for comm in $(cd -- "$PROC" && find -P . -mindepth 2 -maxdepth 2 -path './[0-9]*/comm' -print0 2>/dev/null |
  xargs -0 -r grep -lsx dockerd); do
  if exe=$(readlink -- "$PROC/\${comm%/comm}/exe" 2>/dev/null); then
    exe=\${exe%' (deleted)'}
    [ "\${exe##*/}" = dockerd ] && daemon=0 && break
  elif [ -e "$PROC/$comm" ]; then daemon=${String(HIDDEN_DAEMON_STATUS)}; fi
done
[ "$daemon" -eq 0 ] || exit "$daemon"
enter /run 2>/dev/null || exit ${String(NO_DAEMON_STATUS)}
[ -S docker.sock ] && [ ! -L docker.sock ] || exit ${String(NO_DAEMON_STATUS)}
command -v curl >/dev/null 2>&1 || exit ${String(NO_CURL_STATUS)}
`;
const CURL = "curl -q -sS --noproxy '*' --max-time 50 --unix-socket docker.sock";

/** The daemon's answer to GET \`$1\`, when it is a good one. */
export const DOCKER_GET_SCRIPT = `${ASK}
${CURL} --fail "http://docker$1"
`;

/** After \`$2\` seconds rows of id and answer, a line feed and the status: of GET \`/containers/ID$1\` for each id on standard input. */
export const DOCKER_EACH_SCRIPT = `${ASK}
sleep "$2"
xargs -0 -r -n 1 sh -c '
printf "%s\\0" "$2"
${CURL.replaceAll("'", String.raw`'\''`)} -w "\\n%{http_code}" "http://docker/containers/$2$1" || printf "\\n000"
printf "\\0"' exhibit "$1"
`;
