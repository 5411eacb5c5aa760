"""What several tests share: stand-ins, made files, servers, browsers."""
