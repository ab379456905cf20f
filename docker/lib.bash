# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts of this folder share: the engine, compose in either version, the servers.

# shellcheck disable=SC2034 # used by those who source this
readonly MADE_BY=org.libzklock.made-by # the label of all images made here

need_engine() {
	command -v docker >/dev/null || {
		echo 'docker: no such command: install docker.io (Debian) or Docker Engine' >&2
		return 69
	}
	docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || {
		echo 'docker: no engine answers: start it, and see that you may use it (group docker, or sudo)' >&2
		return 69
	}
}

# compose v2 where it is installed, else docker-compose 1.29.
has_compose_2() { docker compose version >/dev/null 2>&1; }
compose() {
	if has_compose_2; then
		docker compose "$@"
	else
		docker-compose "$@"
	fi
}
compose_name() { if has_compose_2; then echo 'docker compose'; else echo docker-compose; fi; }

need_compose() {
	has_compose_2 || command -v docker-compose >/dev/null || {
		echo 'docker: neither "docker compose" nor docker-compose is here: apt-get install docker-compose' >&2
		return 69
	}
}

# --- the services of the project COMPOSE_PROJECT_NAME ----------------------------------------------

# The container of a service, whichever way compose writes its name.
service() {
	docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" \
		--filter "label=com.docker.compose.service=$1"
}

# ask SERVER WORD: what it answers to that four-letter word; nothing when it is paused or dead.
ask() {
	docker exec "$(service "$1")" timeout 5 bash -c \
		"exec 3<>/dev/tcp/127.0.0.1/2181 && printf $2 >&3 && cat <&3" 2>/dev/null
}

# leader, follower, or nothing while it has no quorum.
mode() { ask "$1" srvr | sed -n 's/^Mode: //p'; }

serves() { [[ -n $(mode "$1") ]]; }

leader() {
	local name
	for name in zk1 zk2 zk3; do
		if [[ $(mode "$name") == leader ]]; then echo "$name" && return; fi
	done
	return 1
}
