#!/usr/bin/env bash
# Measures a GPU from the archive of pack.sh: correctness first, then speed beside PyTorch. It needs an NVIDIA driver; Python with PyTorch for the comparison;
# no .NET, no network. Each part has its own time limit, and a part that fails costs nothing of the others. At most 9 minutes with the default limits.
# OUT/summary.md says what became of each part; NAME.out and NAME.err are what it printed.
# Usage: run.sh OUT [DEVICE]        DEVICE: cuda (default), cpu, simulator ...; SCALE=0.1 shortens all limits for a rehearsal; PYTHON=python3
set -uo pipefail
out=${1:?usage: run.sh OUT [DEVICE]}
device=${2:-cuda}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$here/program/gputrainer
python=${PYTHON:-python3}
scale=${SCALE:-1}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
mkdir -p "$out"
out=$(cd "$out" && pwd)
chmod +x "$program"
summary=$out/summary.md
printf '# %s on %s\n\n| part | seconds | result | output |\n|---|---|---|---|\n' "$("$program" --version)" "$device" > "$summary"

# part NAME LIMIT COMMAND...: standard output to NAME.out, standard error to NAME.err.
part() {
    local name=$1 limit
    limit=$(awk -v a="$2" -v s="$scale" 'BEGIN { printf "%d", (a * s < 5) ? 5 : a * s }')
    shift 2
    local start=$SECONDS code=0 result=done
    { timeout --kill-after=5 "$limit" "$@" > "$out/$name.out" 2> "$out/$name.err"; } 2> /dev/null || code=$?
    # 137: it did not end within 5 s after the limit either.
    if [[ $code == 124 || $code == 137 && $((SECONDS - start)) -ge $limit ]]; then
        result="time limit of $limit s"
    elif [[ $code != 0 ]]; then
        result="exit code $code"
    fi

    if [[ $result != done ]]; then
        # The JSON of a stopped check or bench ops has what was measured until then, and says what it was doing.
        local last
        last=$(tail -n 1 "$out/$name.out" | sed -n 's/.*"incomplete":"\([^"]*\)".*/\1; the JSON has what was measured until then/p')
        [[ -n $last ]] || last=$(tr '\r' '\n' < "$out/$name.err" | grep -v '^[[:space:]]*$' | tail -n 1)
        last=$(cut -c -200 <<< "$last" | tr '|`' '/ ')
        [[ -n $last ]] && result+=": $last"
    fi

    local files="[$name.out]($name.out)"
    [[ -s $out/$name.err ]] && files+=" [$name.err]($name.err)"
    printf '| %s | %d | %s | %s |\n' "$name" $((SECONDS - start)) "$result" "$files" >> "$summary"
    echo "$name: $result after $((SECONDS - start)) s"
}

# skip NAME REASON: a part that this machine cannot run.
skip() {
    printf '| %s | | skipped: %s | |\n' "$1" "$2" >> "$summary"
    echo "$1: skipped: $2"
}

if command -v nvidia-smi > /dev/null; then
    part machine 10 nvidia-smi
else
    skip machine "no nvidia-smi"
fi

part devices 10 "$program" devices --verbose
part check-quick 60 "$program" check --device "$device" --quick --json
part check 100 "$program" check --device "$device" --json
precisions=(fp32)
[[ $device == cuda* ]] && precisions=(fp32 tf32 fp16)
for precision in "${precisions[@]}"; do
    part "ops-$precision" 30 "$program" bench ops --device "$device" --precision "$precision" --seconds 0.05 --json
done

data=digits
[[ -d $here/mnist ]] && data=$here/mnist
part train 60 "$program" train "$data" --model lenet_bn28 --epochs 2 --batch 256 --device "$device" --out "$out/run" --json
if [[ $device == cuda* ]]; then
    if "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null; then
        for precision in fp32 tf32; do
            part "compare-$precision" 80 "$python" "$here/bench/compare.py" --device "$device" --torch-python "$python" --program "$program" \
                --precision "$precision" --variants eager,graph,max-autotune --batches 128 --rounds 3 --seconds 0.3 --patience 60
        done
    else
        skip compare "$python has no PyTorch with CUDA"
    fi
    if command -v ncu > /dev/null; then
        part profile 40 ncu --set basic --launch-skip 200 --launch-count 60 "$program" bench step --model resnet20 --batch 512 --device "$device" \
            --no-graph --seconds 1
    else
        skip profile "no ncu"
    fi
elif [[ $device == cpu ]] && "$python" -c 'import torch' 2> /dev/null; then
    part compare-cpu 60 "$python" "$here/bench/compare.py" --torch-python "$python" --program "$program" --models mlp64x2,cnn2 --batches 128 --rounds 2 \
        --seconds 0.3
else
    skip compare "$device, or no PyTorch"
fi

for name in "$out"/compare-*.out; do
    if [[ -s $name ]]; then
        printf '\n## %s\n\n' "$(basename "$name" .out)" >> "$summary"
        cat "$name" >> "$summary"
    fi
done

echo "$summary"
