# Completion for bash: the flags and commands of `exhibit autocomplete`, and live names of contexts, nodes, cases and profiles.
#
#   eval "$(exhibit autocomplete script bash)"; eval "$(exhibit complete --script bash)"
#
# Names come from the cluster and the kubeconfig. `exhibit complete` prints only those that are plain words for the shell, because
# compgen -W expands its list.
_exhibit_live() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}" what='' index
  local -a connection=()
  case "$previous" in
    --context) what=contexts ;;
    --node | --allow-node) what=nodes ;;
    node) [[ "${COMP_WORDS[COMP_CWORD - 2]}" == quarantine ]] && what=nodes ;;
    --case) what=cases ;;
    --profile) what=profiles ;;
    use | close | show) [[ "${COMP_WORDS[COMP_CWORD - 2]}" == case ]] && what=cases ;;
  esac
  if [[ -z "$what" ]]; then
    if declare -F _exhibit_autocomplete > /dev/null; then _exhibit_autocomplete; fi
    return
  fi
  for ((index = 1; index < COMP_CWORD - 1; index++)); do
    case "${COMP_WORDS[index]}" in
      --kubeconfig | --context | --cluster | --user) connection+=("${COMP_WORDS[index]}" "${COMP_WORDS[index + 1]}") ;;
    esac
  done
  mapfile -t COMPREPLY < <(compgen -W "$(exhibit complete "$what" "${connection[@]}" 2> /dev/null)" -- "$current")
}
complete -o default -F _exhibit_live exhibit
