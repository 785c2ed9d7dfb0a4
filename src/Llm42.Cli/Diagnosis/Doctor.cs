using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Llm42.Cli.Options;
using Llm42.Native;

namespace Llm42.Cli.Diagnosis;

/// <summary>Looks for everything that Llm42 can use.</summary>
internal static class Doctor
{
    private const double GiB = 1024.0 * 1024 * 1024;

    public static IReadOnlyList<Finding> Examine() =>
    [
        Runtime(),
        NativeLibrary(),
        InstructionSets(),
        Memory(),
        NvidiaDriver(),
        CudaBackend(),
        ToolFinder.Find("g++", "to build the native library", Apt("g++"), "g++"),
        ToolFinder.Find("cmake", "to build the native library", Apt("cmake"), "cmake"),
        ToolFinder.Find("ninja", "to build the native library", Apt("ninja-build"), "ninja"),
        ToolFinder.Find(
            "clang", "to generate the bindings from the C headers", Apt("clang"),
            ["clang", .. Enumerable.Range(0, 8).Select(i => $"clang-{21 - i}")]),
        ToolFinder.Find("dotnet", "to build", "install the .NET 10 SDK", "dotnet"),
    ];

    private static Finding Runtime() => new(
        ".NET", FindingState.Found, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}");

    private static Finding NativeLibrary()
    {
        const string Subject = "native library";
        try
        {
            using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions());
            NativeDeviceInfo info = device.Info;
            return new Finding(
                Subject,
                FindingState.Found,
                $"{LoadedLibrary()}, ABI version {NativeConstants.AbiVersion}; {info.Name}, {EngineWords.Name(info.Isa)}, {info.Threads} threads, numerics {info.Profile}");
        }
        catch (Exception error) when (error is DllNotFoundException or NativeException)
        {
            return new Finding(Subject, FindingState.Broken, error.Message.ReplaceLineEndings(" "), "run ./build.sh native, then build the solution again");
        }
    }

    /// <summary>The file that the loader chose.</summary>
    private static string LoadedLibrary()
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName)
            .FirstOrDefault(file => Path.GetFileName(file) is "libllm42.so" or "libllm42.dylib") ?? "loaded";
    }

    private static Finding InstructionSets()
    {
        var names = new List<string>();
        if (Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported)
            names.Add("AVX-512");
        if (Avx2.IsSupported && Fma.IsSupported)
            names.Add("AVX2+FMA");
        names.Add("portable");
        return new Finding("CPU", FindingState.Found, $"{string.Join(", ", names)}; {Environment.ProcessorCount} processors for this process");
    }

    private static Finding Memory()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        double available = info.TotalAvailableMemoryBytes / GiB;
        return new Finding("memory", FindingState.Found, FormattableString.Invariant($"{available:0.0} GiB for this process"));
    }

    private static Finding NvidiaDriver()
    {
        const string Subject = "NVIDIA driver";
        const string VersionFile = "/proc/driver/nvidia/version";
        if (File.Exists(VersionFile))
            return new Finding(Subject, FindingState.Found, File.ReadLines(VersionFile).FirstOrDefault() ?? VersionFile);
        string library = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (System.Runtime.InteropServices.NativeLibrary.TryLoad(library, out nint handle))
        {
            System.Runtime.InteropServices.NativeLibrary.Free(handle);
            return new Finding(Subject, FindingState.Found, $"{library} loads");
        }

        return new Finding(Subject, FindingState.Absent, "no GPU is used; the cpu backend needs none");
    }

    private static Finding CudaBackend()
    {
        string name = OperatingSystem.IsWindows() ? "llm42_cuda.dll" : "libllm42_cuda.so";
        string path = Path.Combine(AppContext.BaseDirectory, name);
        return File.Exists(path)
            ? new Finding("cuda backend", FindingState.Found, path)
            : new Finding("cuda backend", FindingState.Absent, $"{name} is not beside the command; the cpu backend needs none");
    }

    private static string Apt(string package) =>
        OperatingSystem.IsLinux() ? $"apt-get install {package}, or the like" : $"install {package}";
}
