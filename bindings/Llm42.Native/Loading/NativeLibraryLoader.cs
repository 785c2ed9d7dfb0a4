using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Llm42.Native.Loading;

/// <summary>Finds, loads and checks the native library when the first function of it is called.</summary>
internal static class NativeLibraryLoader
{
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Usage", "CA2255", Justification = "The resolver must be in place before the first import, whoever makes it.")]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, Resolve);

    /// <summary>Loads the first candidate that loads, and checks its ABI version.</summary>
    public static unsafe nint Load(IReadOnlyList<string> candidates)
    {
        List<string> tried = [];
        foreach (string candidate in candidates)
        {
            bool bySystem = Path.GetFileName(candidate) == candidate;
            if (!bySystem && !File.Exists(candidate))
            {
                tried.Add($"{candidate}: no such file");
                continue;
            }

            nint library;
            try
            {
                // The runtime also looks in packages that were not copied, and in what a single file was unpacked to.
                library = bySystem
                    ? NativeLibrary.Load(candidate, typeof(NativeLibraryLoader).Assembly, searchPath: null)
                    : NativeLibrary.Load(candidate);
            }
            catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException)
            {
                tried.Add($"{candidate}: {failure.Message.ReplaceLineEndings(" ")}");
                continue;
            }

            if (!NativeLibrary.TryGetExport(library, "llm42_abi_version", out nint version))
            {
                NativeLibrary.Free(library);
                tried.Add($"{candidate}: has no function llm42_abi_version");
                continue;
            }

            try
            {
                AbiVersion.Check(((delegate* unmanaged<int>)version)(), candidate);
            }
            catch (NativeLibraryVersionException)
            {
                NativeLibrary.Free(library);
                throw;
            }

            return library;
        }

        StringBuilder message = new("The native library of Llm42 could not be loaded. Tried:\n");
        foreach (string line in tried)
        {
            message.Append("  ").Append(line).Append('\n');
        }

        message.Append("Build it with ./build.sh native, or let ").Append(NativeLibraryLocator.PathVariable)
            .Append(" name the file or its folder.");
        throw new NativeLibraryNotFoundException(message.ToString());
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != NativeMethods.Library)
        {
            return 0;
        }

#pragma warning disable IL3000 // Empty in a single file, whose libraries the runtime finds by their names.
        string beside = Path.GetDirectoryName(assembly.Location) ?? "";
#pragma warning restore IL3000
        return Load(NativeLibraryLocator.Candidates(
            Environment.GetEnvironmentVariable(NativeLibraryLocator.PathVariable),
            [beside, AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)]));
    }
}
