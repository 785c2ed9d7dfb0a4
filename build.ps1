#!/usr/bin/env pwsh
# Builds, tests and packs Llm42 where there is no bash: the thin twin of build.sh, with the same verbs.
# It installs nothing; a C++ compiler, CMake 3.25, Ninja, and clang for `generate`, must be on the PATH.
param([string]$Verb = 'help', [Parameter(ValueFromRemainingArguments)][string[]]$Rest = @())

$ErrorActionPreference = 'Stop'
$artifacts = Join-Path $PSScriptRoot 'artifacts'
$native = Join-Path $PSScriptRoot 'native'
$solution = Join-Path $PSScriptRoot 'Llm42.sln'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = 1
$env:DOTNET_NOLOGO = 1
$env:DOTNET_CLI_UI_LANGUAGE = 'en'

function Invoke-Tool([string]$Program, [string[]]$Arguments) {
  & $Program @Arguments
  if ($LASTEXITCODE -ne 0) { throw "$Program $($Arguments -join ' ') ended with status $LASTEXITCODE." }
}

function Build-Native([string[]]$Options = @()) {
  Invoke-Tool cmake (@('-S', $native, '-B', "$artifacts/native/build", '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release') + $Options)
  Invoke-Tool cmake @('--build', "$artifacts/native/build")
}

function Build-Managed([string]$Project = $solution) { Invoke-Tool dotnet @('build', $Project, '-c', 'Release', '-v', 'quiet') }

function Invoke-Generator([string[]]$Options) {
  Invoke-Tool dotnet (@('run', '--project', "$PSScriptRoot/bindings/Llm42.Bindings.Generator", '-c', 'Release', '--') + $Options)
}

function Invoke-Tests([string[]]$Options) {
  if ($Options.Count -gt 0) {
    if ($Options.Count -ne 2 -or $Options[0] -ne '--soak' -or $Options[1] -notmatch '^[1-9][0-9]{0,4}$') {
      [Console]::Error.WriteLine("build.ps1: test knows --soak MINUTES, a whole number 1..99999, not '$($Options -join ' ')'.")
      exit 2
    }
    $env:LLM42_SOAK_MINUTES = $Options[1]
    Write-Host "The progress of the soak is written to artifacts/test-results/soak.log."
  }
  $passed = 0; $failed = 0; $skipped = 0
  $results = "$artifacts/test-results"
  if (Test-Path $results) { Remove-Item $results -Recurse }
  New-Item $results -ItemType Directory | Out-Null

  Build-Native @('-DLLM42_BUILD_TESTS=ON')
  & ctest --test-dir "$artifacts/native/build" --output-on-failure --no-tests=error --output-junit "$results/native.xml"
  $status = $LASTEXITCODE
  if (Test-Path "$results/native.xml") {
    $suite = ([xml](Get-Content "$results/native.xml" -Raw)).testsuite
    $failed = [int]$suite.failures
    $skipped = [int]$suite.skipped + [int]$suite.disabled
    $passed = [int]$suite.tests - $failed - $skipped
  }
  if ($status -ne 0 -and $failed -eq 0) { $failed = 1 }

  try { Invoke-Generator @('--check'); $passed++ } catch { Write-Host $_; $failed++ }

  Build-Managed
  $log = & dotnet test --solution $solution -c Release --no-build --progress off --no-ansi --max-parallel-test-modules 1 --results-directory $results 2>&1 | Tee-Object -Variable lines
  $status = $LASTEXITCODE
  $lines | Out-Host
  $counts = @{ succeeded = 0; failed = 0; skipped = 0 }
  foreach ($line in $log) {
    if ("$line" -match '^\s*(succeeded|failed|skipped):\s*(\d+)\s*$') { $counts[$Matches[1]] = [int]$Matches[2] }
  }
  if ($status -ne 0 -and $counts.failed -eq 0) { $counts.failed = 1 }
  $passed += $counts.succeeded; $failed += $counts.failed; $skipped += $counts.skipped
  Write-Output "$passed passed, $failed failed, $skipped skipped"
  if ($failed -gt 0 -or $passed -eq 0) { exit 1 }
}

switch ($Verb) {
  'native' {
    # CMake finds nvcc by CUDACXX or on the PATH.
    Build-Native @($Rest | ForEach-Object { if ($_ -eq '--cuda') { '-DLLM42_CUDA=ON' } else { $_ } })
  }
  'restore' { Invoke-Tool dotnet @('restore', $solution) }
  'generate' { Invoke-Generator $Rest }
  'test' { Invoke-Tests $Rest }
  'demo' {
    Build-Native
    Build-Managed "$PSScriptRoot/src/Llm42.Cli"
    Invoke-Tool (Join-Path $artifacts ($IsWindows ? 'bin/llm42.cmd' : 'bin/llm42')) (@('demo') + $Rest)
  }
  'bench' {
    if ($Rest.Count -gt 0 -and $Rest[0] -in 'linear', 'attention', 'logits') {
      Build-Native @('-DLLM42_BUILD_BENCHMARKS=ON')
      Invoke-Tool "$artifacts/native/build/benchmarks/llm42_benchmark" $Rest
      break
    }
    Build-Native
    Invoke-Tool dotnet (@('run', '--project', "$PSScriptRoot/tests/Llm42.Benchmarks", '-c', 'Release', '--') + $Rest)
  }
  'pack' {
    Build-Native
    Build-Managed
    Invoke-Tool dotnet @('pack', $solution, '-c', 'Release', '--no-build', '-o', "$artifacts/packages")
  }
  'publish' {
    Build-Native
    $rid = (dotnet --info | Select-String '^ *RID: *(.+)$').Matches[0].Groups[1].Value.Trim()
    if (Test-Path "$artifacts/publish") { Remove-Item "$artifacts/publish" -Recurse }
    Invoke-Tool dotnet @('publish', "$PSScriptRoot/src/Llm42.Cli", '-c', 'Release', '-r', $rid, '--self-contained', '-p:PublishProfile=SingleFile', '-o', "$artifacts/publish/files")
    $suffix = $IsWindows ? '.exe' : ''
    Move-Item "$artifacts/publish/files/Llm42.Cli$suffix" "$artifacts/publish/llm42$suffix"
    Remove-Item "$artifacts/publish/files" -Recurse
  }
  'clean' { if (Test-Path $artifacts) { Remove-Item $artifacts -Recurse } }
  'help' { Get-Content (Join-Path $PSScriptRoot 'build.sh') | Select-String '^  [a-z]+ .*  ' }
  default { Write-Error "build.ps1: unknown verb '$Verb'; try help."; exit 2 }
}
