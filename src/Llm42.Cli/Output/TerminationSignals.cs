using System.Runtime.InteropServices;

namespace Llm42.Cli.Output;

/// <summary>SIGINT and SIGTERM: the first asks to stop, the second ends the process at once.</summary>
internal sealed class TerminationSignals : IDisposable
{
    private const int SignalStatus = 128;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals() => _registrations = [Register(PosixSignal.SIGINT, 2), Register(PosixSignal.SIGTERM, 15)];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (_stop.IsCancellationRequested)
            Environment.Exit(SignalStatus + number);
        _stop.Cancel();
    });
}
