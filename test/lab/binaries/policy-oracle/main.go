// Says what the API server's own code decides by an audit policy. Each line of standard input is a policy with requests, each line of
// standard output the decisions on them.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

type resource struct {
	Group, Resource, Subresource, Name, Namespace string
}

type request struct {
	User     string
	Groups   []string
	Verb     string
	Resource *resource
	Path     string
}

type question struct {
	Policy   string
	Requests []request
}

type decision struct {
	Level      string   `json:"level"`
	OmitStages []string `json:"omitStages"`
}

type answer struct {
	Error     string     `json:"error,omitempty"`
	Decisions []decision `json:"decisions,omitempty"`
}

func attributesOf(r request) authorizer.Attributes {
	attributes := authorizer.AttributesRecord{
		User: &user.DefaultInfo{Name: r.User, Groups: r.Groups},
		Verb: r.Verb,
		Path: r.Path,
	}
	if r.Resource != nil {
		attributes.ResourceRequest = true
		attributes.APIGroup = r.Resource.Group
		attributes.Resource = r.Resource.Resource
		attributes.Subresource = r.Resource.Subresource
		attributes.Name = r.Resource.Name
		attributes.Namespace = r.Resource.Namespace
	}
	return attributes
}

func decide(q question) answer {
	loaded, err := policy.LoadPolicyFromBytes([]byte(q.Policy))
	if err != nil {
		return answer{Error: err.Error()}
	}
	evaluator := policy.NewPolicyRuleEvaluator(loaded)
	decisions := []decision{}
	for _, r := range q.Requests {
		config := evaluator.EvaluatePolicyRule(attributesOf(r))
		stages := []string{}
		for _, stage := range config.OmitStages {
			stages = append(stages, string(stage))
		}
		decisions = append(decisions, decision{string(config.Level), stages})
	}
	return answer{Decisions: decisions}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		line, _ := json.Marshal(decide(q))
		out.Write(append(line, '\n'))
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
