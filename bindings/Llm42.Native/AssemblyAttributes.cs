using System.Runtime.CompilerServices;

// Every import passes plain numbers and pointers; nothing may be marshalled behind our back.
[assembly: DisableRuntimeMarshalling]
