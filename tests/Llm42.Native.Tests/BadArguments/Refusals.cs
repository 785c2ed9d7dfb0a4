using System.Runtime.InteropServices;
using System.Text;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Calls a function of the C ABI with a parameter struct.</summary>
internal unsafe delegate Status RawCall<T>(T* parameters)
    where T : unmanaged;

/// <summary>Spoils a parameter struct.</summary>
internal delegate void Change<T>(ref T parameters);

/// <summary>Picks a view of a parameter struct.</summary>
internal delegate ref View ViewOf<T>(ref T parameters);

/// <summary>
/// Bad arguments of one function. Each is a small change of a good call and must be refused with a message that holds
/// the given words: the name of the argument and its value.
/// </summary>
internal sealed unsafe class Refusals<T>
    where T : unmanaged
{
    private readonly T _good;
    private readonly RawCall<T> _call;
    private readonly List<(string What, Status Status, string[] Words, Change<T> Change)> _cases = [];

    public Refusals(T good, RawCall<T> call) => (_good, _call) = (good, call);

    public Refusals<T> Add(string argument, string value, Change<T> change) =>
        Add(Status.InvalidArgument, [argument, value], change);

    public Refusals<T> Add(Status status, string[] words, Change<T> change)
    {
        _cases.Add((string.Join(" = ", words), status, words, change));
        return this;
    }

    /// <summary>A call that does nothing, and therefore needs no buffer.</summary>
    public Refusals<T> AddNoWork(Change<T> change) => Add(Status.Ok, ["no work"], change);

    /// <summary>Everything that can be wrong with a view onto a buffer that holds exactly what is needed.</summary>
    public Refusals<T> AddView(string argument, View ofOtherDevice, ViewOf<T> view, bool optional = false)
    {
        Add(argument, "1", (ref T p) => view(ref p).Offset = 1);
        Add(argument, "32", (ref T p) => view(ref p).Offset = 32);
        Add(argument, "-32", (ref T p) => view(ref p).Offset = -32);
        Add(argument, "9223372036854775776", (ref T p) => view(ref p).Offset = long.MaxValue - 31);
        Add(argument, "device", (ref T p) => view(ref p) = ofOtherDevice);
        return optional ? this : Add(argument, "NULL", (ref T p) => view(ref p) = default);
    }

    /// <summary>Everything that can be wrong with the elements from one row to the next.</summary>
    public Refusals<T> AddStride(string argument, Change<T> one, Change<T> negative) =>
        Add(argument, "1", one).Add(argument, "-64", negative);

    /// <summary>Tries all of them, and the good call before and after.</summary>
    public void Check()
    {
        StringBuilder failures = new();
        T first = _good;
        if (_call(&first) == Status.Unsupported)
        {
            string message = Marshal.PtrToStringUTF8((nint)NativeMethods.ErrorMessage()) ?? "";
            if (message.Contains(OperatorTestMethodAttribute.NotImplemented, StringComparison.Ordinal))
            {
                Assert.Inconclusive(message);
            }
        }

        Expect(failures, "the good call before", Status.Ok, [], _good);
        foreach ((string what, Status status, string[] words, Change<T> change) in _cases)
        {
            T bad = _good;
            change(ref bad);
            Expect(failures, what, status, words, bad);
        }

        T sized = _good;
        *(uint*)&sized = 0;
        Expect(failures, "struct_size = 0", Status.InvalidArgument, ["struct_size", "0"], sized);
        *(uint*)&sized = 4;
        Expect(failures, "struct_size = 4", Status.InvalidArgument, ["struct_size", "4"], sized);
        Verdict(failures, "params = NULL", Status.InvalidArgument, ["NULL"], _call(null));
        Expect(failures, "the good call after", Status.Ok, [], _good);
        Assert.AreEqual(0, failures.Length, $"{typeof(T).Name}:\n{failures}");
    }

    private void Expect(StringBuilder failures, string what, Status status, string[] words, T parameters) =>
        Verdict(failures, what, status, words, _call(&parameters));

    private static void Verdict(StringBuilder failures, string what, Status expected, string[] words, Status actual)
    {
        string message = Marshal.PtrToStringUTF8((nint)NativeMethods.ErrorMessage()) ?? "";
        if (actual != expected)
        {
            failures.AppendLine($"  {what}: {actual}, expected {expected}; {(actual == Status.Ok ? "" : message)}");
        }
        else if (actual != Status.Ok && !words.All(word => message.Contains(word, StringComparison.Ordinal)))
        {
            failures.AppendLine($"  {what}: the message does not name '{string.Join("', '", words)}': {message}");
        }
    }
}
