//! The types of arguments: what the function behind a directive makes of them when nginx starts.

/// What a directive takes (core/ngx_conf_file.c, unless said otherwise).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Any text (`ngx_conf_set_str_slot` and the like), or nothing that is checked here.
    Any,
    /// `on` or `off` (`ngx_conf_set_flag_slot`).
    Flag,
    /// A number (`ngx_conf_set_num_slot`).
    Number,
    /// A number with bounds (`ngx_conf_check_num_bounds`).
    Between(i64, i64),
    /// A size (`ngx_conf_set_size_slot`).
    Size,
    /// A size that may be given in gigabytes (`ngx_conf_set_off_slot`).
    Offset,
    /// A size, or a text with variables (`ngx_http_set_complex_value_size_slot`).
    SizeOrVariables,
    /// A time in milliseconds (`ngx_conf_set_msec_slot`).
    Time,
    /// A time in seconds (`ngx_conf_set_sec_slot`).
    Seconds,
    /// How many buffers, and how large (`ngx_conf_set_bufs_slot`).
    Buffers,
    /// One of these words (`ngx_conf_set_enum_slot`).
    One(&'static [&'static str]),
    /// Each is one of these words (`ngx_conf_set_bitmask_slot`).
    Each(&'static [&'static str]),
    /// A function of its own reads them.
    By(Own),
}

/// The functions that read arguments in a way of their own. Those of `stream` and `mail` that do the same
/// as one of `http` go by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each says which function of nginx it is")]
pub enum Own {
    /// `ngx_conf_set_access_slot`
    Access,
    /// `ngx_http_log_set_log`, `ngx_stream_log_set_log`
    AccessLog,
    /// `ngx_http_access_rule`, `ngx_stream_access_rule`
    AccessRule,
    /// `ngx_http_headers_add`
    AddHeader,
    /// `ngx_event_debug_connection`, `ngx_http_realip_from`, `ngx_stream_realip_from`, `ngx_mail_realip_from`
    AddressOrHost,
    /// `ngx_http_core_set_aio`
    Aio,
    /// `ngx_mail_auth_http`
    AuthHttp,
    /// `ngx_http_upstream_bind_set_slot`, `ngx_stream_proxy_bind`
    Bind,
    /// `ngx_http_file_cache_set_slot`
    CachePath,
    /// `ngx_http_file_cache_valid_set_slot`
    CacheValid,
    /// `ngx_http_charset_map_block`
    CharsetMap,
    /// `ngx_event_connections`
    Connections,
    /// `ngx_http_proxy_cookie_flags`
    CookieFlags,
    /// `ngx_http_proxy_cookie_domain`, `ngx_http_proxy_cookie_path`
    CookieRewrite,
    /// `ngx_set_cpu_affinity`
    CpuAffinity,
    /// `ngx_http_core_directio`
    Directio,
    /// `ngx_http_disable_symlinks`
    DisableSymlinks,
    /// `ngx_error_log`, `ngx_http_core_error_log`, `ngx_stream_core_error_log`, `ngx_mail_core_error_log`
    ErrorLog,
    /// `ngx_http_core_error_page`
    ErrorPage,
    /// `ngx_event_use`
    EventMethod,
    /// `ngx_http_headers_expires`
    Expires,
    /// `ngx_http_fastcgi_pass`, `ngx_http_uwsgi_pass`, `ngx_http_scgi_pass`, `ngx_http_memcached_pass`, `ngx_http_grpc_pass`
    GatewayPass,
    /// `ngx_http_gzip_disable`
    GzipDisable,
    /// `ngx_http_gzip_hash`
    GzipHash,
    /// `ngx_http_gzip_window`
    GzipWindow,
    /// `ngx_http_upstream_hash`, `ngx_stream_upstream_hash`
    HashMethod,
    /// `ngx_hash_init`
    HashSize,
    /// `ngx_http_v2_chunk_size`
    Http2ChunkSize,
    /// `ngx_http_v2_preread_size`
    Http2PrereadSize,
    /// `ngx_http_v2_recv_buffer_size`
    Http2RecvBuffer,
    /// `ngx_http_index_set_index`
    Index,
    /// `ngx_http_core_keepalive`
    KeepaliveTimeout,
    /// `ngx_conf_set_bufs_slot`, `ngx_http_core_merge_srv_conf`
    LargeHeaderBuffers,
    /// `ngx_http_limit_conn`, `ngx_stream_limit_conn`
    LimitConn,
    /// `ngx_http_limit_conn_zone`, `ngx_stream_limit_conn_zone`
    LimitConnZone,
    /// `ngx_http_limit_req`
    LimitReq,
    /// `ngx_http_limit_req_zone`
    LimitReqZone,
    /// `ngx_http_log_set_format`, `ngx_stream_log_set_format`
    LogFormat,
    /// `ngx_mail_core_listen`
    MailListen,
    /// `ngx_mail_core_protocol`
    MailProtocol,
    /// `ngx_http_modern_browser`
    ModernBrowser,
    /// `ngx_http_ssl_ocsp_cache`, `ngx_stream_ssl_ocsp_cache`
    OcspCache,
    /// `ngx_http_core_open_file_cache`
    OpenFileCache,
    /// `ngx_http_log_open_file_cache`, `ngx_stream_log_open_file_cache`
    OpenLogFileCache,
    /// `ngx_http_upstream_param_set_slot`
    Param,
    /// `ngx_conf_set_path_slot`
    Path,
    /// `ngx_http_core_pool_size`, `ngx_http_v2_pool_size`
    PoolSize,
    /// `ngx_http_v2_streams_index_mask`
    PowerOfTwo,
    /// `ngx_set_priority`
    Priority,
    /// `ngx_http_proxy_redirect`
    ProxyRedirect,
    /// `ngx_http_upstream_random`, `ngx_stream_upstream_random`
    Random,
    /// `ngx_http_valid_referers`
    Referers,
    /// `ngx_http_core_resolver`, `ngx_stream_core_resolver`, `ngx_mail_core_resolver`, `ngx_http_upstream_resolver`, `ngx_stream_upstream_resolver`
    Resolver,
    /// `ngx_http_rewrite`
    Rewrite,
    /// `ngx_http_core_root`
    Root,
    /// `ngx_http_core_server_name`, `ngx_stream_core_server_name`
    ServerName,
    /// `ngx_http_ssl_session_cache`, `ngx_stream_ssl_session_cache`, `ngx_mail_ssl_session_cache`
    SessionCache,
    /// `ngx_stream_core_listen`
    StreamListen,
    /// `ngx_stream_proxy_pass`
    StreamPass,
    /// `ngx_http_sub_filter`
    SubFilter,
    /// `ngx_thread_pool`
    ThreadPool,
    /// `ngx_http_try_files`
    TryFiles,
    /// `ngx_stream_upstream_server`, `ngx_http_upstream_server`
    UpstreamServer,
    /// `ngx_http_userid_expires`
    UseridExpires,
    /// `ngx_http_userid_mark`
    UseridMark,
    /// `ngx_set_worker_processes`
    WorkerProcesses,
}
