# Completion for zsh: live names of contexts, nodes, cases and profiles, and the flags and commands of `exhibit autocomplete`.
#
#   eval "$(exhibit autocomplete script zsh)"; eval "$(exhibit complete --script zsh)"
_exhibit_live() {
  local previous="${words[CURRENT - 1]}" what='' index
  local -a connection=() names=()
  case "$previous" in
    --context) what=contexts ;;
    --node | --allow-node) what=nodes ;;
    node) [[ "${words[CURRENT - 2]}" == quarantine ]] && what=nodes ;;
    --case) what=cases ;;
    --profile) what=profiles ;;
    use | close | show) [[ "${words[CURRENT - 2]}" == case ]] && what=cases ;;
  esac
  if [[ -z "$what" ]]; then
    (( $+functions[_exhibit] )) && _exhibit
    return
  fi
  for ((index = 2; index < CURRENT - 1; index++)); do
    case "${words[index]}" in
      --kubeconfig | --context | --cluster | --user) connection+=("${words[index]}" "${words[index + 1]}") ;;
    esac
  done
  names=("${(@f)$(exhibit complete "$what" "${connection[@]}" 2> /dev/null)}")
  compadd -- "${names[@]}"
}
compdef _exhibit_live exhibit
